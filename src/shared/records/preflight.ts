/** What is known of a pair of model and SAE before it is trusted (docs: formats.md section 10 in words). */
import { z } from 'zod'
import { SaeReading } from './model'

/** good: as published SAEs are; doubtful: usable, but read the words; bad: the numbers would mean little. */
export const Verdict = z.enum(['good', 'doubtful', 'bad'])
export type Verdict = z.infer<typeof Verdict>

/** Fraction of variance unexplained and mean active latents per position, over the sample text without each window's first position. */
export const PreflightFit = z.object({ fvu: z.number(), l0: z.number() })

export const PreflightCheck = z.object({
  /** "shapes", "fit", "active latents", "cross-entropy", "decoder norms", "gradient". */
  name: z.string(),
  verdict: z.enum(['good', 'doubtful', 'bad', 'skipped']),
  /** What was found, with its numbers. */
  words: z.string()
})
export type PreflightCheck = z.infer<typeof PreflightCheck>

/** One other way of reading the SAE, with what it gave. */
export const PreflightTrial = PreflightFit.extend({
  /** The cause it assumes, in words: "the SAE expects a centred residual stream". */
  words: z.string(),
  reading: SaeReading
})
export type PreflightTrial = z.infer<typeof PreflightTrial>

export const Preflight = PreflightFit.extend({
  model: z.object({ name: z.string(), hash: z.string() }),
  sae: z.object({ name: z.string(), hash: z.string() }),
  /** Where it read and wrote; equal but for transcoders. */
  reads: z.string(),
  hook: z.string(),
  reading: SaeReading,
  verdict: Verdict,
  /** The verdict in a sentence. */
  words: z.string(),
  checks: z.array(PreflightCheck),
  /** Active latents per position that the folder states, or null. */
  nominalL0: z.number().nullable(),
  /** Mean cross-entropy per token in nats: the model's own, with the reconstruction written, with the hook value's mean written. */
  crossEntropy: z.object({
    model: z.number(),
    sae: z.number(),
    ablated: z.number(),
    /** (ablated - sae) / (ablated - model). */
    recovered: z.number()
  }),
  decoderNorms: z.object({ min: z.number(), median: z.number(), max: z.number(), folded: z.boolean() }),
  gradient: z.object({
    latents: z.array(
      z.object({
        latent: z.number().int(),
        position: z.number().int(),
        analytic: z.number(),
        difference: z.number(),
        relativeError: z.number()
      })
    ),
    worst: z.number()
  }),
  /** Readings tried, the one in use first; more than one when the fit was bad or the format leaves a question open. */
  tried: z.array(PreflightTrial),
  /** The reading that repairs a bad fit, ready to apply; null when nothing has to be or can be repaired. */
  suggestion: PreflightTrial.nullable(),
  /** Positions that were counted, and the text they are from. */
  positions: z.number().int(),
  textSource: z.string(),
  /** Every transformation applied on loading, in words. */
  notes: z.array(z.string()),
  device: z.object({ requested: z.string(), used: z.string() }),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
  milliseconds: z.number()
})
export type Preflight = z.infer<typeof Preflight>

/** What rankings and reports keep of a preflight. */
export const PreflightSummary = z.object({
  modelHash: z.string(),
  saeHash: z.string(),
  verdict: Verdict,
  fvu: z.number(),
  l0: z.number(),
  recovered: z.number(),
  reading: SaeReading,
  createdAt: z.string()
})
export type PreflightSummary = z.infer<typeof PreflightSummary>

/** The reading that a preflight's numbers are of: the one asked for, with what had to be filled in. */
export function measuredReading({ tried, reading }: Preflight): SaeReading {
  return tried[0]?.reading ?? reading
}

/** The summary of a preflight. */
export function summaryOf(preflight: Preflight): PreflightSummary {
  const { model, sae, verdict, fvu, l0, crossEntropy, createdAt } = preflight
  const reading = measuredReading(preflight)
  return { modelHash: model.hash, saeHash: sae.hash, verdict, fvu, l0, recovered: crossEntropy.recovered, reading, createdAt }
}
