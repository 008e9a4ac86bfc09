/**
 * The attention-output SAEs of GPT-2 small by Kissane, Krzyzanowski and others: X.pt beside X_cfg.json.
 *   f = relu((z - b_dec) W_enc + b_enc);  y = f W_dec + b_dec
 * z holds all heads' values one after the other. Source: SAELens's connor_rob_hook_z loader and the authors' AutoEncoder.
 *
 * Whether they expect TransformerLens's folded value biases, which move b_V out of z, is not stated anywhere (formats.md 8.11).
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import type { Place, Sae, SaeFormat } from '../types'
import { fileFields, layoutWeights, parseConfig, saeOf, Size, tensorsOf, type Layout } from './common'

const LAYOUT: Layout = {
  W_enc: 'W_enc',
  encoderByLatent: false,
  W_dec: 'W_dec',
  decoderByOutput: false,
  vectors: { b_enc: 'b_enc' },
  b_dec: 'b_dec'
}

const Config = z.looseObject({ act_size: Size, dict_size: Size, act_name: z.string().min(1), model_name: z.string().min(1).nullish() })

export const hookZ: SaeFormat = {
  format: 'hook_z',
  looksLike: 'X.pt beside X_cfg.json with act_size, dict_size and act_name',
  matches: async (place) => {
    const path = configOf(place)
    if (path === null) return false
    const config = Config.safeParse(await readJsonObject(path).catch(() => null))
    return config.success && (await tensorsOf(place, ['.pt'])) !== null
  },
  read
}

function configOf({ path, isFile }: Place): string | null {
  if (!isFile || !path.endsWith('.pt')) return null
  const config = path.replace(/\.pt$/, '_cfg.json')
  return existsSync(config) ? config : null
}

/** @throws JSON_INVALID, SAE_CONFIG_INVALID, TORCH_INVALID, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const path = configOf(place) ?? join(dirname(place.path), '_cfg.json')
  const config = parseConfig(Config, await readJsonObject(path), path)
  const file = (await tensorsOf(place, ['.pt'])) ?? fail('FILE_MISSING', { path: place.path })
  const sizes = { d_in: config.act_size, d_sae: config.dict_size }
  return saeOf({
    ...(await fileFields(file)),
    format: hookZ.format,
    architecture: 'relu',
    ...sizes,
    ...layoutWeights(file, LAYOUT, sizes, path),
    gate: { kind: 'relu' },
    inBias: 'b_dec',
    hook: config.act_name,
    modelName: config.model_name ?? 'gpt2-small',
    // Trained on text that begins with one; the authors' loader adds it.
    prependBos: true,
    hash: await hashFiles([path, file.path])
  })
}
