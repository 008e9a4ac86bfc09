/** Settings of agreement, and what one part of it leaves behind. */
import { z } from 'zod'
import { Methods, RankingSettings } from './rank-prompt'

/** What rankings are compared across. */
export const Axis = z.enum(['methods', 'targets', 'layers', 'precisions', 'devices'])
export type Axis = z.infer<typeof Axis>

/** Depths at which the tops of two rankings are compared in curves. */
export const DEPTHS = [1, 2, 5, 10, 20, 50, 100] as const

export const Settings = RankingSettings.extend({
  token: z.enum(['answer', 'greedy']).default('greedy'),
  methods: Methods.default(['gradsae', 'attribution', 'integrated-gradients', 'exact', 'mean-activation', 'random']),
  axes: z
    .array(Axis)
    .min(1)
    .default(['methods', 'targets', 'layers', 'precisions'])
    .transform((axes) => Axis.options.filter((axis) => axes.includes(axis))),
  /** Whose rankings are compared across everything but methods. */
  subject: z.enum(['gradsae', 'attribution', 'integrated-gradients']).default('gradsae'),
  top: z.number().int().min(1).max(1000).default(10),
  resamples: z.number().int().min(100).max(10_000).default(1000)
})
export type AgreementSettings = z.infer<typeof Settings>

const Comparison = z.object({
  axis: Axis,
  a: z.string(),
  b: z.string(),
  /** Overlap of the first `top`, rank-biased overlap of the whole orders, rank correlation (null where a ranking is constant). */
  jaccard: z.number(),
  rbo: z.number(),
  spearman: z.number().nullable(),
  /** Overlap at each of DEPTHS. */
  depths: z.array(z.number())
})
export type Comparison = z.infer<typeof Comparison>

export const Part = z.object({ id: z.string(), active: z.number().int(), comparisons: z.array(Comparison), notes: z.array(z.string()) })
export type AgreementPart = z.infer<typeof Part>
