/** What the stages between a text and its ids have in common. Reference: the Rust crate `tokenizers` 0.23. */

/** Ends reading a tokenizer with a typed error that gives this reason. */
export type Refuse = (reason: string) => never

/** One stage of tokenizer.json; sequences hold further stages. */
export interface Step {
  readonly [key: string]: unknown
  readonly type: string
  readonly pretokenizers?: Step[] | undefined
  readonly normalizers?: Step[] | undefined
  readonly decoders?: Step[] | undefined
  readonly processors?: Step[] | undefined
}

/** A stage that changes a text. */
export type Change = (text: string) => string

/** A piece of a text on its way through the pre-tokenizers; `first` when it begins where the text begins. */
export interface Piece {
  readonly text: string
  readonly first: boolean
}

/** Appends the ids of one pre-tokenized piece. */
export type Encoder = (piece: string, ids: number[]) => void

/** What a stage is built with. */
export interface Build {
  readonly refuse: Refuse
  /**
   * Whether the text begins here, so that the tokenizer puts its own space in front. A text that continues another (a target
   * token, a later piece of a document) gets none.
   */
  readonly begins: boolean
}
