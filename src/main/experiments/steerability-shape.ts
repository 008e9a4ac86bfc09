/** Settings of the steerability experiment, and what one part of it leaves behind. */
import { z } from 'zod'
import { Methods, RankingSettings } from './rank-prompt'

const distinct = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

export const Settings = RankingSettings.omit({ seed: true }).extend({
  /** Prompts of the set that are steered, from the first; all of them are texts for input scores. */
  steered: z.number().int().min(1).max(10_000).default(24),
  /** Rankings that latents are taken from and that predict. GradSAE, whose prediction the others are held against, always belongs to them. */
  methods: Methods.default(['gradsae', 'attribution', 'mean-activation', 'max-activation']).transform((names) => [
    ...new Set(['gradsae' as const, ...names.filter((name) => name !== 'random')])
  ]),
  /** Latents taken from the top of each predictor, and drawn at random from all active ones. */
  top: z.number().int().min(0).max(100).default(3),
  drawn: z.number().int().min(1).max(1000).default(8),
  token: z.enum(['answer', 'greedy']).default('greedy'),
  includeSpecial: z.boolean().default(false),
  /** Texts of the set on which latents are looked for, for input scores. */
  texts: z.number().int().min(1).max(100_000).default(100),
  /** |T| */
  promoted: z.number().int().min(1).max(1000).default(20),
  unit: z.enum(['residual', 'largest', 'row']).default('residual'),
  positions: z.enum(['last', 'all']).default('last'),
  coefficients: z
    .array(
      z
        .number()
        .min(-1e6)
        .max(1e6)
        .refine((value) => value !== 0, 'strength 0 is the baseline')
    )
    .min(1)
    .max(16)
    .default([0.3, 0.5, 0.7])
    .transform(distinct),
  seeds: z.array(z.number().int()).min(1).max(32).default([1, 2, 3, 4]).transform(distinct),
  maxTokens: z.number().int().min(1).max(1024).default(30),
  temperature: z.number().min(0).max(10).default(0.7),
  resamples: z.number().int().min(100).max(10_000).default(1000),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
})
export type SteerabilitySettings = z.infer<typeof Settings>

/** One steered text: what came of it, from 0 to 2 each. */
export const Steered = z.object({
  coefficient: z.number(),
  seed: z.number().int(),
  /** Concept by promoted tokens and by the activation read back, and by the latter alone. */
  concept: z.number(),
  readBack: z.number(),
  fluency: z.number(),
  /** Harmonic mean of the first concept and fluency. */
  overall: z.number()
})
export type Steered = z.infer<typeof Steered>

/** A latent on a prompt: what is known before steering, and what steering with it came to. */
export const SteeredLatent = z.object({
  latent: z.number().int().nonnegative(),
  /** Its most promoted tokens, as text; empty where its SAE does not write into the residual stream. */
  promotes: z.array(z.string()),
  /** Whether the random draw took it, whatever else did. */
  drawn: z.boolean(),
  /** Score of each ranking, and input and output score (null: there is none), by predictor. */
  predictors: z.record(z.string(), z.number().nullable()),
  texts: z.array(Steered),
  /** Mean KL(steered || unsteered) along the first seed's text at the strength in the middle, in nats; and that text. */
  kl: z.number(),
  text: z.string()
})
export type SteeredLatent = z.infer<typeof SteeredLatent>

/** Everything of one prompt. */
export const Part = z.object({
  id: z.string(),
  /** Latents active at counted positions, from which the sample was taken. */
  active: z.number().int(),
  latents: z.array(SteeredLatent)
})
export type SteerabilityPart = z.infer<typeof Part>

/** The strength in the middle: the lower one of two. */
export function middleOf(coefficients: readonly number[]): number {
  return coefficients[Math.floor((coefficients.length - 1) / 2)] ?? 1
}
