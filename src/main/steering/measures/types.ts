/** What measures are made of. Each is a pure function of what was read of a text; reading is done once for all of them (measure.ts). */
import type { ColumnMeasures } from '../../../shared/records/scores'

/** Everything that the parts of a score are computed from. */
export interface Found {
  /** The generated tokens, and what they say. */
  readonly generatedIds: readonly number[]
  readonly text: string
  /** Log-probability of each generated token under the unsteered model. */
  readonly logprobs: readonly number[]
  /** The same of the baseline's text. */
  readonly baseline: {
    readonly generatedIds: readonly number[]
    readonly text: string
    readonly logprobs: readonly number[]
  }
  readonly concept: FoundConcept
  /** Mean log-probability of the generated tokens after each of the other prompts; empty without any. */
  readonly givenOthers: readonly number[]
}

/** What was found of the concept. */
export interface FoundConcept {
  /** Ids of the latent's promoted tokens; null where there is no latent, or its decoder row cannot be seen through the unembedding. */
  readonly promoted: ReadonlySet<number> | null
  /** Means over the generated tokens under the unsteered model; null without a latent. */
  readonly activation: {
    /** Of the latent on this text and on the baseline's. */
    readonly own: number
    readonly baseline: number
    /** Of the largest activation over all latents, on the baseline's text: how strong latents of this SAE are. */
    readonly largest: number
  } | null
  /** Counts matches of keywords and pattern in a text; null without any. */
  readonly matches: ((text: string) => number) | null
}

/** The parts of the overall score. */
export type PartName = 'concept' | 'fluency' | 'relatedness'

/** One part: one file, one line in the list of parts.ts, one test. */
export interface Part<N extends PartName = PartName> {
  readonly name: N
  readonly title: string
  /** How the value comes about, for reports: words and plain signs, one line each. */
  readonly formula: readonly string[]
  /** Null where nothing was given that it could be measured by. `value` lies from 0 to 2. */
  measure(found: Found): ColumnMeasures[N]
}
