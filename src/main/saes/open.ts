/** Opens an SAE folder of any known format. Weights stay where they are. */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fail } from '../../shared/errors'
import type { SaeInfo } from '../../shared/records/model'
import { failToRead } from '../tensors/files'
import { FORMATS } from './formats'
import { LABELS_FILE } from './labels'
import type { Sae } from './types'

/**
 * Reads and checks everything of an SAE but its weights' values.
 * @throws FILE_MISSING, FILE_UNREADABLE, SAE_FOLDER_INVALID, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN,
 * SAE_NEEDS_SCALE, SAFETENSORS_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export async function openSae(given: string): Promise<Sae> {
  const folder = resolve(given)
  const found = await stat(folder).catch((error: unknown) => failToRead(folder, error))
  if (!found.isDirectory()) fail('SAE_FOLDER_INVALID', { path: folder, reason: 'it is a file' })
  for (const format of FORMATS) if (await format.matches(folder)) return format.read(folder)
  return fail('SAE_FOLDER_INVALID', { path: folder, reason: whyNot(folder) })
}

/** What the window and saved records know of an SAE. */
export function saeInfo(sae: Sae): SaeInfo {
  const { folder: path, name, format, architecture, d_in, d_sae, hook, modelName, bytes, hash, notes } = sae
  return {
    path,
    name,
    format,
    architecture,
    d_in,
    d_sae,
    k: sae.gate.kind === 'topk' ? sae.gate.k : null,
    hook,
    modelName,
    bytes,
    hash,
    labelled: existsSync(join(path, LABELS_FILE)),
    notes: [...notes]
  }
}

function whyNot(folder: string): string {
  const has = (name: string): boolean => existsSync(join(folder, name))
  if (has('config.json') && has('tokenizer.json')) return 'it holds a model'
  if (has('cfg.json')) return 'sae_weights.safetensors is missing'
  return has('sae_weights.safetensors') ? 'cfg.json is missing' : 'cfg.json and sae_weights.safetensors are missing'
}
