/**
 * Gemma Scope 2: params.safetensors with lower-case w_enc [d_in, d_sae], w_dec [d_sae, d_out], b_enc, b_dec, threshold, and with
 * affine_skip_connection for transcoders that have one. The hook point is named by a config.json beside it, as a module of the Hugging
 * Face model, or else by the path (resid_post/layer_12_width_16k_l0_medium). How the skip connection is stored is not confirmed
 * (formats.md section 3): the preflight compares. Crosscoders and cross-layer transcoders, whose w_dec has three axes, are refused.
 *
 *   resid_post   blocks.L.hook_resid_post     layers.L.output
 *   attn_out     blocks.L.attn.hook_z         layers.L.self_attn.o_proj.input
 *   mlp_out      blocks.L.hook_mlp_out        layers.L.post_feedforward_layernorm.output
 *   transcoder   blocks.L.mlp.hook_in -> blocks.L.hook_mlp_out, the first being layers.L.pre_feedforward_layernorm.output, gain included
 */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readTensorFile, weightRef, type WeightRef } from '../../tensors/tensor-file'
import { scopePath, type ScopePath } from '../scope-path'
import type { Place, Sae, SaeFormat, SaeWeight } from '../types'
import { parseConfig, saeOf, sizesOf, tensorsOf } from './common'

const FILE = 'params.safetensors'
const CONFIG = 'config.json'
const NAMES = ['w_enc', 'w_dec', 'b_enc', 'b_dec', 'threshold']
const SKIP = 'affine_skip_connection'

const Config = z.looseObject({
  hf_hook_point_in: z.string().min(1),
  hf_hook_point_out: z.string().min(1).nullish(),
  model_name: z.string().min(1).nullish(),
  l0: z.number().nonnegative().nullish()
})
type Config = z.infer<typeof Config>

export const gemmaScope2: SaeFormat = {
  format: 'Gemma Scope 2',
  looksLike: `${FILE} with w_enc, w_dec, b_enc, b_dec and threshold`,
  async matches(place) {
    if (!place.isFile) return place.files.includes(FILE)
    const file = await tensorsOf(place, ['.safetensors'])
    return NAMES.every((name) => file?.tensors.has(name))
  },
  read
}

/** @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAFETENSORS_INVALID, SAE_ARCHITECTURE_UNKNOWN, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const path = place.isFile ? place.path : join(place.path, FILE)
  const file = await readTensorFile(path)
  if (file.tensors.get('w_dec')?.shape.length === 3) {
    const found = /[\\/]clt[\\/]|params_layer_/.test(path) ? 'cross-layer transcoder' : 'crosscoder'
    fail('SAE_ARCHITECTURE_UNKNOWN', { found, path, supported: 'jumprelu SAEs and transcoders of one layer' })
  }
  const config = await configBeside(path)
  const { d_in, d_sae } = sizesOf(
    file,
    { W_enc: 'w_enc', encoderByLatent: false, W_dec: 'w_dec', decoderByOutput: false, vectors: {}, b_dec: 'b_dec' },
    FILE
  )
  const d_out = file.tensors.get('b_dec')?.shape[0] ?? d_in
  const hint = 'the shapes of the other tensors'
  const skip = file.tensors.has(SKIP)
  const weights = new Map<SaeWeight, WeightRef>([
    ['W_enc', weightRef(file, 'w_enc', [d_in, d_sae], hint)],
    ['W_dec', weightRef(file, 'w_dec', [d_sae, d_out], hint)],
    ['b_enc', weightRef(file, 'b_enc', [d_sae], hint)],
    ['b_dec', weightRef(file, 'b_dec', [d_out], hint)],
    ['threshold', weightRef(file, 'threshold', [d_sae], hint)]
  ])
  if (skip) weights.set('W_skip', weightRef(file, SKIP, [d_out, d_in], hint))
  const found = scopePath(path)
  const { hook, hookOut } = (config && hooksOfModules(config)) ?? hooksOf(found)
  const known = config ? `named by ${CONFIG}, ${config.hf_hook_point_in}` : `taken from the path, "${found.shown ?? path}"`
  return saeOf({
    path: place.path,
    folder: dirname(path),
    name: found.shown ?? basename(dirname(path)),
    format: gemmaScope2.format,
    architecture: hookOut === null ? 'jumprelu' : skip ? 'jumprelu_skip_transcoder' : 'jumprelu_transcoder',
    d_in,
    d_out,
    d_sae,
    weights,
    gate: { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false },
    inBias: null,
    hook,
    hookOut,
    modelName: config?.model_name ? modelOf(config.model_name) : found.model,
    prependBos: true,
    nominalL0: config?.l0 ?? null,
    hash: await hashFiles(config ? [join(dirname(path), CONFIG), path] : [path]),
    bytes: file.bytes,
    notes: hook === null ? [] : [`The hook point is ${known}.`],
    openQuestions: [...(hook === null ? (['hook'] as const) : []), ...(skip ? (['skip orientation'] as const) : [])]
  })
}

/** Not every copy has one; one that lies beside a file under another name may be anybody's. */
async function configBeside(path: string): Promise<Config | null> {
  const beside = join(dirname(path), CONFIG)
  if (basename(path) !== FILE || !existsSync(beside)) return null
  return parseConfig(Config, await readJsonObject(beside), beside)
}

/** Configurations call the model "gemma-v3-1b-pt" or "google/gemma-3-1b-pt". */
function modelOf(name: string): string {
  const plain = name.replace(/^gemma-v3/, 'gemma-3')
  return plain.includes('/') ? plain : `google/${plain}`
}

const MODULES: readonly [RegExp, string][] = [
  [/layers\.(\d+)\.output$/, 'hook_resid_post'],
  [/layers\.(\d+)\.self_attn\.o_proj\.input$/, 'attn.hook_z'],
  [/layers\.(\d+)\.post_attention_layernorm\.output$/, 'hook_attn_out'],
  [/layers\.(\d+)\.pre_feedforward_layernorm\.output$/, 'mlp.hook_in'],
  [/layers\.(\d+)\.post_feedforward_layernorm\.output$/, 'hook_mlp_out']
]

/** Null where the configuration names a module that no hook point stands for: then the path may still tell. */
function hooksOfModules({ hf_hook_point_in, hf_hook_point_out }: Config): Pick<Sae, 'hook' | 'hookOut'> | null {
  const hook = hookOfModule(hf_hook_point_in)
  const written = hf_hook_point_out ?? hf_hook_point_in
  if (written === hf_hook_point_in) return hook === null ? null : { hook, hookOut: null }
  const hookOut = hookOfModule(written)
  return hook === null || hookOut === null ? null : { hook, hookOut }
}

function hookOfModule(module: string): string | null {
  for (const [pattern, name] of MODULES) {
    const layer = pattern.exec(module)?.[1]
    if (layer !== undefined) return `blocks.${layer}.${name}`
  }
  return null
}

function hooksOf({ layer, part }: ScopePath): Pick<Sae, 'hook' | 'hookOut'> {
  if (layer === null || part === null) return { hook: null, hookOut: null }
  const at = (name: string): string => `blocks.${layer}.${name}`
  const places = {
    res: { hook: at('hook_resid_post'), hookOut: null },
    att: { hook: at('attn.hook_z'), hookOut: null },
    mlp: { hook: at('hook_mlp_out'), hookOut: null },
    transcoder: { hook: at('mlp.hook_in'), hookOut: at('hook_mlp_out') }
  }
  return places[part]
}
