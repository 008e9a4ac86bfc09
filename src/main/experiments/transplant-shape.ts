/** Settings of transplants, and what one part of them leaves behind. */
import { z } from 'zod'
import { MethodName } from '../../shared/records/ranking'
import { Answered, ChangeSettings } from './changes'
import { Methods } from './rank-prompt'

/** The ways of transplanting; see transplant.ts. */
export const Variant = z.enum(['published', 'code', 'source'])
export type Variant = z.infer<typeof Variant>

export const Settings = ChangeSettings.extend({
  methods: Methods.default(['mean-activation', 'gradsae', 'attribution', 'random']),
  variants: z
    .array(Variant)
    .min(1)
    .default(['published', 'code', 'source'])
    .transform((names) => [...new Set(names)])
})
export type TransplantSettings = z.infer<typeof Settings>

/** By K, in the order of the columns: how well the answer matches that of the other question, and whether it is still its own. */
export const Moved = z.object({ em: z.array(z.number()), f1: z.array(z.number()), kept: z.array(z.number()) })
export type Moved = z.infer<typeof Moved>

const Pair = z.object({
  id: z.string(),
  /** The question whose latents are transplanted. */
  other: z.string(),
  /** The unchanged answer against the question's own, and against the other's. */
  own: Answered,
  toOther: Answered,
  changed: z.array(z.object({ method: MethodName, variant: Variant, top: Moved, bottom: Moved }))
})

/** One text and the pairs of its questions that are in the sample; `asked` counts its questions, `right` those that pass the filter. */
export const Part = z.object({
  group: z.string(),
  asked: z.number().int(),
  right: z.number().int(),
  active: z.number(),
  pairs: z.array(Pair)
})
export type TransplantPart = z.infer<typeof Part>
export type Pair = TransplantPart['pairs'][number]
