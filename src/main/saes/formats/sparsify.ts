/**
 * Folders of EleutherAI's sparsify: cfg.json and sae.safetensors, named after the module they were trained on ("layers.10.mlp").
 * Source: sparsify/sparse_coder.py, config.py and fused_encoder.py.
 *
 *   p = encoder.weight (x - b_dec, or x for a transcoder) + encoder.bias;  y = f W_dec + b_dec (+ x W_skipᵀ)
 *   topk       f = relu(the k largest of p)
 *   groupmax   latents split into k equal groups of neighbours; f = relu(the largest of each group)
 *
 * The bias is subtracted whether or not the decoder is normalised, and W_dec is stored as decoder rows already: SAELens's converter
 * does otherwise in both. multi_topk belongs to training only.
 */
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { SaeReading } from '../../../shared/records/model'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readTensorFile, weightRef, type WeightRef } from '../../tensors/tensor-file'
import { hooksOfModule } from '../module-hooks'
import type { Gate, Place, Sae, SaeFormat, SaeWeight } from '../types'
import { invalid, layoutWeights, parseConfig, saeOf, Size, type Layout } from './common'

const CONFIG = 'cfg.json'
const WEIGHTS = 'sae.safetensors'
const TRAINING = 'config.json'
const LAYOUT: Layout = {
  W_enc: 'encoder.weight',
  encoderByLatent: true,
  W_dec: 'W_dec',
  decoderByOutput: false,
  vectors: { b_enc: 'encoder.bias' },
  b_dec: 'b_dec'
}

/** With the defaults of sparsify's own configuration, which fill in what older files lack. */
const Config = z.looseObject({
  activation: z.string().default('topk'),
  d_in: Size,
  expansion_factor: Size.default(32),
  num_latents: z.number().int().nonnegative().default(0),
  k: Size.default(32),
  signed: z.boolean().default(false),
  skip_connection: z.boolean().default(false),
  transcode: z.boolean().default(false),
  embed_skip: z.boolean().default(false),
  gram_lookup: z.boolean().default(false)
})
type Config = z.infer<typeof Config>

const Training = z.looseObject({ model: z.string().min(1) })

export const sparsify: SaeFormat = {
  format: 'sparsify',
  looksLike: `${CONFIG} and ${WEIGHTS}`,
  matches: ({ files }) => Promise.resolve(files.includes(CONFIG) && files.includes(WEIGHTS)),
  read
}

/** @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN, SAE_HOOK_MISSING, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read({ path: folder }: Place, reading: SaeReading): Promise<Sae> {
  const path = join(folder, CONFIG)
  const config = parseConfig(Config, await readJsonObject(path), path)
  const { d_in, transcode } = config
  const d_sae = config.num_latents || d_in * config.expansion_factor
  const gate = gateOf(config, d_sae, path)
  const { hook, hookOut, named } = hooksOf(folder, transcode)
  // Without a place to write it would pass for an SAE, which writes where it reads.
  if (transcode && hookOut === null && reading.hookOut === undefined) fail('SAE_HOOK_MISSING', { path: folder })
  const file = await readTensorFile(join(folder, WEIGHTS))
  if (!file.tensors.has('W_dec')) invalid(file.path, 'it holds the encoder alone, without W_dec')
  const { weights, ...orientation } = layoutWeights(file, LAYOUT, { d_in, d_sae }, CONFIG)
  const skip: [SaeWeight, WeightRef][] = config.skip_connection ? [['W_skip', weightRef(file, 'W_skip', [d_in, d_in], CONFIG)]] : []
  return saeOf({
    path: folder,
    folder,
    name: nameOf(folder),
    format: sparsify.format,
    architecture: [config.activation, transcode ? 'transcoder' : '', config.skip_connection ? 'with skip' : ''].join(' ').trim(),
    d_in,
    d_sae,
    ...orientation,
    weights: new Map([...weights, ...skip]),
    gate,
    inBias: transcode ? null : 'b_dec',
    hook,
    hookOut,
    modelName: await modelNameOf(folder),
    hash: await hashFiles([path, file.path]),
    bytes: file.bytes,
    notes: named === null ? [] : [`The hook point is taken from the folder's name, "${named}".`]
  })
}

function gateOf(config: Config, d_sae: number, path: string): Gate {
  const { activation, k } = config
  const unknown = (found: string): never => fail('SAE_ARCHITECTURE_UNKNOWN', { found, path, supported: 'topk, groupmax' })
  if (config.signed) unknown('signed topk, whose activations may be negative')
  if (config.embed_skip) unknown('embed_skip, which also reads the embeddings')
  if (config.gram_lookup) unknown('gram_lookup, which needs a table of n-grams')
  if (k > d_sae) invalid(path, `k is ${k}, but there are only ${d_sae} latents`)
  if (activation === 'topk') return { kind: 'topk', k, byDecoderNorm: false }
  if (activation !== 'groupmax') return unknown(activation)
  if (d_sae % k !== 0) invalid(path, `${d_sae} latents do not split into k = ${k} equal groups`)
  return { kind: 'groupmax', k }
}

/** The folder is called after the module, or lies in one that is when there are several ("layers.3/seed0"). */
function hooksOf(folder: string, transcode: boolean): { hook: string | null; hookOut: string | null; named: string | null } {
  for (const named of [basename(folder), basename(dirname(folder))]) {
    const module = hooksOfModule(named)
    if (module && transcode) return { hook: module.input, hookOut: module.output, named }
    if (module) return { hook: module.output, hookOut: null, named }
  }
  return { hook: null, hookOut: null, named: null }
}

/** "layers.3" says little in a list; the folder above it is the run. */
function nameOf(folder: string): string {
  return [basename(dirname(folder)), basename(folder)].filter((name) => name !== '').join('/')
}

/** The run's configuration lies above the folder, and names the model; its absence is no fault. */
async function modelNameOf(folder: string): Promise<string | null> {
  for (const above of [dirname(folder), dirname(dirname(folder))]) {
    const training = await readJsonObject(join(above, TRAINING)).catch(() => null)
    const parsed = Training.safeParse(training)
    if (parsed.success) return parsed.data.model
  }
  return null
}
