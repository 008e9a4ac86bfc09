import { z } from 'zod'
import { Device, SaeReading } from '../records/model'

/** Which model, SAE and hook point; `hook: null` takes the one the SAE's folder names. */
export const Bench = z.object({
  model: z.string(),
  sae: z.string(),
  hook: z.string().nullable().default(null),
  /** How the SAE is read where its files leave a choice, or the preflight has found another way. */
  reading: SaeReading.optional(),
  device: Device.default('auto')
})
export type Bench = z.infer<typeof Bench>
