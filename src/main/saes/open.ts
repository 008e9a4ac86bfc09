/** Opens an SAE folder of any known format. Weights stay where they are. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fail } from '../../shared/errors'
import type { SaeInfo, SaeReading } from '../../shared/records/model'
import { failToRead } from '../tensors/files'
import type { WeightRef } from '../models/types'
import { FORMATS } from './formats'
import { LABELS_FILE } from './labels/source'
import { applyReading } from './reading'
import type { Place, Sae, SaeFormat } from './types'

/**
 * Reads and checks everything of an SAE but its weights' values.
 * @throws FILE_MISSING, FILE_UNREADABLE, SAE_FOLDER_INVALID, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN,
 * SAE_NEEDS_SCALE, SAFETENSORS_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export async function openSae(given: string, reading: SaeReading = {}): Promise<Sae> {
  const place = await placeOf(resolve(given))
  const format = await formatOf(place, reading.format)
  return applyReading(await format.read(place, reading), reading)
}

/** What lies at a path, as formats look at it. @throws FILE_MISSING, FILE_UNREADABLE */
export async function placeOf(path: string): Promise<Place> {
  const found = await stat(path).catch((error: unknown) => failToRead(path, error))
  if (!found.isDirectory()) return { path, isFile: true, files: [] }
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => failToRead(path, error))
  return { path, isFile: false, files: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) }
}

/** The format that reads a place; where several would, a person chooses. @throws SAE_FOLDER_INVALID, SAE_AMBIGUOUS */
async function formatOf(place: Place, chosen: string | undefined): Promise<SaeFormat> {
  const matching: SaeFormat[] = []
  for (const format of FORMATS) if (await format.matches(place)) matching.push(format)
  const found = matching.find(({ format }) => format === chosen)
  if (found) return found
  const [first] = matching
  if (!first) return fail('SAE_FOLDER_INVALID', { path: place.path, reason: whyNot(place), supported: FORMATS.map(looks).join('; ') })
  if (matching.length === 1 && chosen === undefined) return first
  return fail('SAE_AMBIGUOUS', { path: place.path, formats: matching.map(({ format }) => format).join(', '), first: first.format })
}

const looks = ({ format, looksLike }: SaeFormat): string => `${format} (${looksLike})`

/** What the window and saved records know of an SAE. */
export function saeInfo(sae: Sae): SaeInfo {
  const { path, name, format, architecture, d_in, d_out, d_sae, hook, hookOut, modelName, bytes, hash, notes } = sae
  return {
    path,
    name,
    format,
    architecture,
    d_in,
    d_out,
    d_sae,
    k: sae.gate.kind === 'topk' || sae.gate.kind === 'groupmax' ? sae.gate.k : null,
    hook,
    hookOut,
    modelName,
    precision: precisionOf([...sae.weights.values()]),
    bytes,
    hash,
    memoryEstimate: null,
    labelled: existsSync(join(sae.folder, LABELS_FILE)),
    notes: [...notes]
  }
}

/** The type most of the numbers are stored in. */
function precisionOf(weights: readonly WeightRef[]): string {
  return [...weights].sort((a, b) => b.length - a.length)[0]?.type ?? 'float32'
}

/** What was found instead, in words. */
function whyNot({ path, isFile, files }: Place): string {
  if (isFile) return 'no format that is read keeps an SAE in such a file'
  const has = (name: string): boolean => files.includes(name)
  if (has('config.json') && has('tokenizer.json')) return 'it holds a model'
  if (has('cfg.json') && !files.some((name) => name.endsWith('.safetensors'))) return 'cfg.json is there, but no weights beside it'
  if (has('sae_weights.safetensors')) return 'cfg.json is missing beside sae_weights.safetensors'
  if (files.length === 0) return 'there are no files in it'
  return `it holds ${files.slice(0, 5).join(', ')}${files.length > 5 ? ` and ${files.length - 5} more` : ''}`
}
