/**
 * Rotation frequencies of rotary position embeddings: theta^(-2i/e) for pair i of e / 2, and the rescalings for longer contexts:
 * "linear" divides every frequency by `factor`, "llama3" the slow ones. Source: modeling_rope_utils.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { contradictory, unsupported } from './config'

/** `rope_scaling` of older configs and `rope_parameters` of newer ones. */
export const Scaling = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional()
})
type Scaling = z.infer<typeof Scaling>

export interface RopeConfig {
  readonly d_head: number
  readonly rope_theta: number
  readonly rope_scaling?: Scaling | null | undefined
  readonly rope_parameters?: Scaling | null | undefined
}

/**
 * Radians per position of every pair, [d_head / 2], in float64.
 * @throws MODEL_FEATURE_UNSUPPORTED for another scaling, MODEL_CONFIG_INVALID for an incomplete one
 */
export function frequenciesOf(config: RopeConfig, path: string): number[] {
  const scaling = config.rope_parameters ?? config.rope_scaling ?? {}
  const theta = scaling.rope_theta ?? config.rope_theta
  const plain = Array.from({ length: config.d_head / 2 }, (_, pair) => theta ** ((-2 * pair) / config.d_head))
  const kind = scaling.rope_type ?? scaling.type ?? 'default'
  if (kind === 'default') return plain
  if (kind === 'llama3') return llama3(plain, scaling, path)
  if (kind === 'linear') {
    const { factor } = scaling
    return factor === undefined ? contradictory(path, 'its position scaling of type linear lacks a factor') : plain.map((frequency) => frequency / factor)
  }
  return unsupported(path, `the position scaling "${kind}"`, 'Supported are: default, linear, llama3.')
}

/**
 * Wavelengths above original / low_freq_factor are stretched by `factor`, those below original / high_freq_factor are kept,
 * and between them the two are blended.
 */
function llama3(plain: readonly number[], scaling: Scaling, path: string): number[] {
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = scaling
  if (factor === undefined || low === undefined || high === undefined || original === undefined) {
    return contradictory(path, 'its rope_scaling of type llama3 lacks a factor')
  }
  return plain.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI)
    if (turns > high) return frequency
    if (turns < low) return frequency / factor
    const blend = (turns - low) / (high - low)
    return ((1 - blend) * frequency) / factor + blend * frequency
  })
}
