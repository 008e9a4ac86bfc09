/** The kinds of SAE that every test of arithmetic goes through. */
import { SAE_SPEC, type SaeSpec } from './random-sae'

const architectures = [
  { architecture: 'standard' },
  { architecture: 'jumprelu' },
  { architecture: 'topk' },
  { architecture: 'topk', rescaleByDecoderNorm: true }
] as const
const normalisations = ['none', 'constant_norm_rescale', 'layer_norm', 'expected_average_only_in'] as const

/** Every architecture with every normalisation, and each remaining switch thrown once. */
export const SAE_ROWS: readonly SaeSpec[] = [
  ...architectures.flatMap((row) => normalisations.map((normalize): SaeSpec => ({ ...SAE_SPEC, ...row, normalize }))),
  { ...SAE_SPEC, applyDecoderBias: false },
  { ...SAE_SPEC, architecture: 'jumprelu', normalize: 'layer_norm', finetuned: true },
  { ...SAE_SPEC, architecture: 'topk', rescaleByDecoderNorm: true, finetuned: true },
  { ...SAE_SPEC, architecture: 'topk', dtype: 'F16' },
  { ...SAE_SPEC, architecture: 'jumprelu', dtype: 'BF16' }
]

/** A row in words, for the names of tests. */
export function rowName({ architecture, normalize, rescaleByDecoderNorm, applyDecoderBias, finetuned, dtype }: SaeSpec): string {
  const extras = [
    rescaleByDecoderNorm ? 'rescaled' : '',
    applyDecoderBias ? '' : 'b_dec not subtracted',
    finetuned ? 'finetuned' : '',
    dtype === 'F32' ? '' : dtype
  ]
  return [architecture, `norm ${normalize}`, ...extras.filter((extra) => extra !== '')].join(', ')
}
