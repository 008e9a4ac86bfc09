/** Calls of the engine process about labels of latents: where they come from, importing, computing and searching them. */
import { z } from 'zod'
import { ComputedLabels, ComputeOptions, FoundLabel, LabelImport, LabelSource, UnfinishedLabels } from '../records/latent'
import { Device, SaeReading } from '../records/model'
import { call } from './call'

export const labelCalls = {
  /** Every source of an SAE's labels, and computations that were begun and not finished. */
  'labels.sources': call({
    input: z.object({ sae: z.string() }),
    output: z.object({ sources: z.array(LabelSource), unfinished: z.array(UnfinishedLabels) })
  }),
  /** Imports a file or folder; asks first where it is in doubt whose labels they are (see LabelImport). */
  'labels.import': call({
    input: z.object({
      sae: z.string(),
      path: z.string(),
      confirm: z.boolean().default(false),
      take: z.string().nullable().default(null)
    }),
    output: LabelImport
  }),
  /** Removes a source from the store, or an unfinished computation. What lies beside the weights is the user's and stays. */
  'labels.remove': call({ input: z.object({ sae: z.string(), id: z.string() }), output: z.object({ removed: z.boolean() }) }),
  /** Computes labels from the user's own text; one that was cancelled or killed goes on where it was. */
  'labels.compute': call({
    input: z.object({
      model: z.string(),
      sae: z.string(),
      hook: z.string().nullable().default(null),
      reading: SaeReading.optional(),
      device: Device.default('auto'),
      /** Absolute path of a .txt file, or of a .jsonl file with {"text": ...} in every line. */
      path: z.string(),
      options: ComputeOptions.default(ComputeOptions.parse({}))
    }),
    output: ComputedLabels
  }),
  /** Latents by number or by the words of any of their explanations, the best first. */
  'labels.search': call({
    input: z.object({ sae: z.string(), query: z.string().max(1000), limit: z.number().int().min(1).max(1000).default(60) }),
    output: z.object({ found: z.array(FoundLabel) })
  })
}
