/** Scores of generated text that need no judge: concept, fluency, relatedness, each from 0 to 2, and their harmonic mean (after AxBench, arXiv 2501.17148). */
import { z } from 'zod'
import { PromptInput, Token } from './token'

/** A latent of an SAE; `sae` is a hash, absent for the SAE of the bench. */
export const LatentRef = z.object({ sae: z.string().optional(), latent: z.number().int().nonnegative() })
export type LatentRef = z.infer<typeof LatentRef>

/** What the concept is that a text is scored for. */
export const ConceptSettings = z.object({
  /** The latent whose promoted tokens and activation count; null: the first latent that the column's recipe edits. */
  latent: LatentRef.nullable().default(null),
  /** How many of the latent's promoted tokens count (by static logit lens). */
  promoted: z.number().int().min(1).max(1000).default(20),
  /** Words that count, whatever their case. */
  keywords: z.array(z.string()).default([]),
  /** A regular expression (RE2: no look-around, no back-references) whose matches count; "" without. */
  pattern: z.string().default(''),
  /** Prompts that the text is not about, for relatedness; without any there is no relatedness. */
  otherPrompts: z.array(PromptInput).max(64).default([])
})
export type ConceptSettings = z.infer<typeof ConceptSettings>

export const ConceptScore = z.object({
  /** Share of generated tokens among the promoted ones; null without a latent. */
  promoted: z.number().nullable(),
  /** Mean activation of the latent on the generated tokens when the unsteered model reads the text; null without a latent. */
  activation: z.number().nullable(),
  /** The same on the baseline's text. */
  baselineActivation: z.number().nullable(),
  /** Mean of the largest activation over all latents on the baseline's text, which the latent's is measured by. */
  largestActivation: z.number().nullable().optional(),
  /** Matches of keywords and pattern per word; null without any. */
  keywords: z.number().nullable(),
  /** Share of promoted tokens, and matches per word, of the baseline's text. */
  baselinePromoted: z.number().nullable().optional(),
  baselineKeywords: z.number().nullable().optional(),
  /** 0 to 2. */
  value: z.number()
})
export type ConceptScore = z.infer<typeof ConceptScore>

export const FluencyScore = z.object({
  /** Under the unsteered model. */
  perplexity: z.number(),
  baselinePerplexity: z.number(),
  /** Share of generated 4-grams (of tokens) that occurred before in the text. */
  repetition: z.number(),
  /** Different n-grams over all n-grams of the text, n = 1, 2, 3. */
  distinct: z.array(z.number()),
  /** 0 to 2. */
  value: z.number()
})
export type FluencyScore = z.infer<typeof FluencyScore>

export const RelatednessScore = z.object({
  /** Mean log-probability of the text's tokens given the prompt, and given the other prompts on average, under the unsteered model. */
  given: z.number(),
  givenOthers: z.number(),
  /** 0 to 2. */
  value: z.number()
})
export type RelatednessScore = z.infer<typeof RelatednessScore>

/** A latent whose activation the edit changed: means over generated positions of the same text, steered and unsteered. */
export const ChangedLatent = z.object({ latent: z.number().int(), before: z.number(), after: z.number() })
export type ChangedLatent = z.infer<typeof ChangedLatent>

/** Everything that is measured of one column's text. */
export const ColumnMeasures = z.object({
  /** Null where nothing says what the concept is. */
  concept: ConceptScore.nullable(),
  fluency: FluencyScore,
  /** Null without other prompts. */
  relatedness: RelatednessScore.nullable(),
  /** Harmonic mean of those there are; 0 if one is 0. */
  overall: z.number(),
  /** Latents of the bench's SAE that rose and fell most through the edit, largest changes first; empty for the baseline. */
  rose: z.array(ChangedLatent),
  fell: z.array(ChangedLatent)
})
export type ColumnMeasures = z.infer<typeof ColumnMeasures>

/** The promoted tokens a concept score counts, for the record. */
export const PromotedTokens = z.object({ latent: LatentRef, tokens: z.array(Token) })
export type PromotedTokens = z.infer<typeof PromotedTokens>
