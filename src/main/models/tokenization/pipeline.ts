/** From a text to its ids: added tokens, normalizer, pre-tokenizer, model, in the order of the Rust crate `tokenizers`. */
import { divideAt, type AddedToken } from './added-tokens'
import { isPlain } from './patterns'
import { normalizerOf } from './normalizers'
import { preTokenizerOf } from './pre-tokenizers'
import { wellFormed } from './text'
import type { Build, Encoder, Refuse, Step } from './types'

export interface PipelineOptions {
  readonly addedTokens: readonly AddedToken[]
  readonly normalizer: Step | null | undefined
  readonly preTokenizer: Step | null | undefined
  readonly encoder: Encoder
  readonly refuse: Refuse
  /** Whether the text begins here; a text that continues another gets no space put in front. */
  readonly begins: boolean
  /** Added tokens are SentencePiece's own symbols: the space in front of a text is no part of them. */
  readonly ownSymbols: boolean
}

/** @throws what `refuse` throws, for stages that cannot be done exactly */
export function createPipeline({ addedTokens, normalizer, preTokenizer, encoder, refuse, begins, ownSymbols }: PipelineOptions): (text: string) => number[] {
  const build: Build = { refuse, begins }
  const normalize = normalizerOf(normalizer, build)
  const split = preTokenizerOf(preTokenizer, build)
  // Added tokens are normalised as if each were a text, in the same way for a text that continues another.
  const asAdded = normalizerOf(normalizer, { refuse, begins: !ownSymbols })
  const divideRaw = divideAt(addedTokens.filter(({ normalized }) => !normalized), (text) => text)
  const divideNormalized = divideAt(addedTokens.filter(({ normalized }) => normalized), asAdded)
  return (text) => {
    const ids: number[] = []
    for (const section of divideRaw(wellFormed(text))) {
      if ('id' in section) {
        ids.push(section.id)
        continue
      }
      for (const part of divideNormalized(normalize(section.text))) {
        if ('id' in part) ids.push(part.id)
        else for (const piece of split([{ text: part.text, first: section.first && part.first }])) encoder(piece.text, ids)
      }
    }
    return ids
  }
}

/** Whether every regular expression in these stages is one whose time is known to be harmless. */
export function runsInLinearTime(steps: readonly Step[]): boolean {
  return steps.every(({ pattern }) => pattern === undefined || isPlain(pattern))
}
