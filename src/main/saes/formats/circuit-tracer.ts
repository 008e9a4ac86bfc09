/**
 * Transcoders of MLPs as circuit-tracer reads them, one file for each layer: layer_<L>.safetensors with W_enc and W_dec both
 * [d_sae, d_model], b_enc, b_dec, and beside them wandb-config.yaml or config.yaml. mwhanna's transcoders of Qwen 3 are of this kind.
 *   p = x W_encᵀ + b_enc;  f = relu(p), or p where p > activation_function.threshold;  y = f W_dec + b_dec (+ x W_skipᵀ)
 * Source: circuit_tracer/transcoder/single_layer_transcoder.py and SAELens's mwhanna loader. They read the MLP's input, gain included,
 * and stand for its output, unless config.yaml says otherwise.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../../../shared/errors'
import type { SaeReading } from '../../../shared/records/model'
import { checkFile } from '../../tensors/files'
import { hashFiles } from '../../tensors/hash'
import { weightRef } from '../../tensors/tensor-file'
import type { Gate, Place, Sae, SaeFormat } from '../types'
import { fileFields, holdsOnly, invalid, layoutWeights, saeOf, sizesOf, tensorsOf, type Layout } from './common'

const NAMES = ['W_enc', 'b_enc', 'W_dec', 'b_dec']
const THRESHOLD = 'activation_function.threshold'
const LAYOUT: Layout = {
  W_enc: 'W_enc',
  encoderByLatent: true,
  W_dec: 'W_dec',
  decoderByOutput: false,
  vectors: { b_enc: 'b_enc' },
  b_dec: 'b_dec'
}
const HINT = 'whether the file is a transcoder of one layer'
const TRAINING = 'wandb-config.yaml'
const CONFIG = 'config.yaml'
const MAX_YAML = 2 ** 20
/** No setting that is read is longer, and the patterns below take time that grows with the square of a line's length. */
const MAX_LINE = 1000

export const circuitTracer: SaeFormat = {
  format: 'circuit-tracer',
  looksLike: 'layer_<L>.safetensors with W_enc and W_dec, both [d_sae, d_model]',
  matches: async (place) => {
    const file = await tensorsOf(place, ['.safetensors'])
    if (file === null || !holdsOnly(file, NAMES, ['W_skip', THRESHOLD])) return false
    const [size] = file.tensors.get('b_enc')?.shape ?? []
    return file.tensors.get('W_enc')?.shape[0] === size && file.tensors.get('W_dec')?.shape[0] === size
  },
  read
}

/** @throws SAE_HOOK_MISSING, SAE_CONFIG_INVALID, FILE_UNREADABLE, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place, reading: SaeReading): Promise<Sae> {
  const { path } = place
  const file = (await tensorsOf(place, ['.safetensors'])) ?? fail('FILE_MISSING', { path })
  const folder = dirname(path)
  const [training, config] = [await topLevel(join(folder, TRAINING)), await topLevel(join(folder, CONFIG))]
  const sizes = sizesOf(file, LAYOUT, HINT)
  agree(training, sizes, join(folder, TRAINING))
  const jumps = file.tensors.has(THRESHOLD)
  const layout = jumps ? { ...LAYOUT, vectors: { ...LAYOUT.vectors, threshold: THRESHOLD } } : LAYOUT
  const { weights, ...orientation } = layoutWeights(file, layout, sizes, HINT)
  const skips = file.tensors.has('W_skip')
  const gate: Gate = jumps ? { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false } : { kind: 'relu' }
  const layer = /(?:^|_)(\d+)\.safetensors$/.exec(basename(path))?.[1]
  const at = (name: string): string | null => (layer === undefined ? null : `blocks.${layer}.${name}`)
  const hookOut = reading.hookOut ?? at(config.get('feature_output_hook') ?? 'hook_mlp_out') ?? fail('SAE_HOOK_MISSING', { path })
  const beside = [TRAINING, CONFIG].map((name) => join(folder, name)).filter(existsSync)
  return saeOf({
    ...(await fileFields(file)),
    format: circuitTracer.format,
    architecture: [gate.kind, 'transcoder', skips ? 'with skip' : ''].join(' ').trim(),
    ...sizes,
    ...orientation,
    weights: skips ? new Map([...weights, ['W_skip', weightRef(file, 'W_skip', [sizes.d_in, sizes.d_in], HINT)]]) : weights,
    gate,
    inBias: null,
    hook: at(config.get('feature_input_hook') ?? 'mlp.hook_in'),
    hookOut,
    modelName: config.get('model_name') ?? training.get('model_name.value') ?? null,
    hash: await hashFiles([path, ...beside])
  })
}

/** The training's configuration may lie beside the file, and then must be of it. */
function agree(training: ReadonlyMap<string, string>, { d_in, d_sae }: { d_in: number; d_sae: number }, path: string): void {
  for (const [key, size] of [
    ['d_model.value', d_in],
    ['d_feature.value', d_sae]
  ] as const) {
    const stated = training.get(key)
    if (stated !== undefined && Number(stated) !== size) invalid(path, `${key} is ${stated}, but the weights have ${size}`)
  }
}

/**
 * Plain texts and numbers of a YAML file, at its top and one level below ("d_model.value"); what is nested deeper, lists and the like
 * are passed over. This is all that is needed of wandb's and circuit-tracer's files, and the whole of YAML is large. Empty if there is
 * no such file.
 */
async function topLevel(path: string): Promise<ReadonlyMap<string, string>> {
  if (!existsSync(path)) return new Map()
  await checkFile(path, MAX_YAML)
  const values = new Map<string, string>()
  let parent = ''
  for (const line of (await readFile(path, 'utf8')).split(/\r?\n/)) {
    if (line.length > MAX_LINE) continue
    const [, indent = '', key, raw = ''] = /^( {0,4})([\w.-]+):(?: +(.*?))?\s*$/.exec(line) ?? []
    if (key === undefined) continue
    const value = raw.replace(/\s+#.*$/, '').replace(/^(["'])(.*)\1$/, '$2')
    if (indent === '') parent = key
    if (value !== '') values.set(indent === '' ? key : `${parent}.${key}`, value)
  }
  return values
}
