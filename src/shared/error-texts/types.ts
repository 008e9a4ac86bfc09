/** A sentence of fact and a sentence of remedy; `{name}` in them is filled from the context of the failure. */
export interface ErrorText {
  readonly message: string
  readonly fix: string
}
