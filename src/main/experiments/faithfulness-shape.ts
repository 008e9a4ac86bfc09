/** Settings of faithfulness, and what one part of it leaves behind. */
import { z } from 'zod'
import { MethodName, Substitution } from '../../shared/records/ranking'
import { Methods, RankingSettings } from './rank-prompt'

/** Shares of the active latents, in %, at which curves are taken. */
const SHARES = [0, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 70, 100]

export const Settings = RankingSettings.extend({
  token: z.enum(['answer', 'greedy']).default('greedy'),
  /** One target for all methods: its value is what the curves show. */
  target: z.enum(['probability', 'logit', 'log-probability']).default('logit'),
  substitution: Substitution.default('reconstruction+error'),
  methods: Methods.default(['mean-activation', 'gradsae', 'attribution', 'integrated-gradients', 'exact', 'random']),
  shares: z
    .array(z.number().min(0).max(100))
    .min(1)
    .default(SHARES)
    .transform((shares) => [...new Set([0, ...shares, 100])].sort((a, b) => a - b)),
  resamples: z.number().int().min(100).max(10_000).default(1000)
})
export type FaithfulnessSettings = z.infer<typeof Settings>

export const Part = z.object({
  id: z.string(),
  /** Latents active anywhere in the prompt. */
  active: z.number().int(),
  /** The target of the untouched model; with all latents and the error, or without it, as the setting says; and without any latent. */
  own: z.number(),
  full: z.number(),
  empty: z.number(),
  /** Without any latent, with the error and without. */
  errorAlone: z.number(),
  biasAlone: z.number(),
  methods: z.array(
    z.object({
      method: MethodName,
      /** The target's value at each share, the first in the method's order left out, or alone there. */
      deletion: z.array(z.number()),
      insertion: z.array(z.number()),
      /** Rank correlation of scores with exact effects over all active latents; null where either is constant. */
      spearman: z.number().nullable()
    })
  )
})
export type FaithfulnessPart = z.infer<typeof Part>
