/** Settings of masking, and what one part of it leaves behind. */
import { z } from 'zod'
import { MethodName } from '../../shared/records/ranking'
import { Answered, ChangeSettings } from './changes'
import { Methods } from './rank-prompt'

export const Settings = ChangeSettings.extend({
  methods: Methods.default(['mean-activation', 'gradsae', 'attribution', 'integrated-gradients', 'exact', 'random'])
})
export type MaskingSettings = z.infer<typeof Settings>

/** What one method's masks did: em and f1 by K, in the order of the columns, and the latents, the most extreme first. */
export const Masked = z.object({ latents: z.array(z.number().int()), em: z.array(z.number()), f1: z.array(z.number()) })
export type Masked = z.infer<typeof Masked>

export const Part = z.object({
  id: z.string(),
  tokens: z.number().int(),
  before: Answered,
  /** Null where the question is not part of the sample. */
  masked: z
    .object({
      /** Latents active at the last position. */
      active: z.number().int(),
      /** The explained token's probability in the spliced model. */
      probability: z.number(),
      methods: z.array(z.object({ method: MethodName, positive: z.number().int(), top: Masked, bottom: Masked }))
    })
    .nullable()
})
export type MaskingPart = z.infer<typeof Part>
export type Masking = NonNullable<MaskingPart['masked']>
