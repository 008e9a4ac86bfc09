/** Opens an SAE folder of any known format. Weights stay where they are. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fail } from '../../shared/errors'
import type { SaeInfo, SaeReading } from '../../shared/records/model'
import { estimateOf } from '../runtime/machine'
import { failToRead } from '../tensors/files'
import { readTensorFile } from '../tensors/tensor-file'
import type { WeightRef } from '../models/types'
import { FORMATS } from './formats'
import { ownLabels } from './labels/source'
import { saeMemory } from './memory'
import { applyReading } from './reading'
import type { Place, Sae, SaeFormat } from './types'

/** A folder of single-file SAEs has one for each layer. */
const MOST_FILES = 256

/**
 * Reads and checks everything of an SAE but its weights' values.
 * @throws FILE_MISSING, FILE_UNREADABLE, SAE_FOLDER_INVALID, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN,
 * SAE_NEEDS_SCALE, SAFETENSORS_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export async function openSae(given: string, reading: SaeReading = {}): Promise<Sae> {
  const { place, format } = await recognise(await placeOf(resolve(given)), reading.format)
  return applyReading(await format.read(place, reading), reading)
}

/** What lies at a path, as formats look at it. @throws FILE_MISSING, FILE_UNREADABLE */
export async function placeOf(path: string): Promise<Place> {
  const found = await stat(path).catch((error: unknown) => failToRead(path, error))
  if (!found.isDirectory()) return { path, isFile: true, files: [] }
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => failToRead(path, error))
  return { path, isFile: false, files: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) }
}

/** The formats that a place looks like. Does not throw on foreign files. */
export async function formatsOf(place: Place): Promise<SaeFormat[]> {
  const matching: SaeFormat[] = []
  for (const format of FORMATS) if (await format.matches(place)) matching.push(format)
  return matching
}

/**
 * The format that reads a place; where several would, a person chooses. A folder whose only SAE is one of its files is that file.
 * @throws SAE_FOLDER_INVALID, SAE_AMBIGUOUS
 */
async function recognise(place: Place, chosen: string | undefined): Promise<{ place: Place; format: SaeFormat }> {
  const matching = await formatsOf(place)
  const found = matching.find(({ format }) => format === chosen)
  if (found) return { place, format: found }
  const [first] = matching
  if (!first) {
    const [file, another] = await filesIn(place)
    if (file && !another) return await recognise(file, chosen)
    return fail('SAE_FOLDER_INVALID', { path: place.path, reason: await whyNot(place), supported: FORMATS.map(looks).join('; ') })
  }
  if (matching.length === 1 && chosen === undefined) return { place, format: first }
  return fail('SAE_AMBIGUOUS', { path: place.path, formats: matching.map(({ format }) => format).join(', '), first: first.format })
}

/** The first two files of a folder that are SAEs by themselves. */
async function filesIn({ path, files }: Place): Promise<Place[]> {
  const found: Place[] = []
  for (const name of files.filter(mayBeSae).slice(0, MOST_FILES)) {
    const place: Place = { path: join(path, name), isFile: true, files: [] }
    if ((await formatsOf(place)).length > 0) found.push(place)
    if (found.length === 2) break
  }
  return found
}

/** Whether a file may be an SAE by itself, judged by its name: the files of models in shards, and those of training, are not. */
export function mayBeSae(name: string): boolean {
  if (!/\.(pt|pth|safetensors|npz)$/i.test(name)) return false
  return !/^(model|pytorch_model|consolidated|adapter_model|optimizer|scheduler|rng_state|training_args|trainer_state)\b/i.test(name)
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
    memoryEstimate: estimateOf(saeMemory(sae)),
    labelled: ownLabels(sae) !== null,
    notes: [...notes]
  }
}

/** The type most of the numbers are stored in. */
function precisionOf(weights: readonly WeightRef[]): string {
  return [...weights].sort((a, b) => b.length - a.length)[0]?.type ?? 'float32'
}

/** What was found instead, in words. @throws what reading a file that is no container of tensors may */
async function whyNot(place: Place): Promise<string> {
  const { path, isFile, files } = place
  if (isFile) {
    const { tensors } = await readTensorFile(path)
    return `it holds ${tensors.size === 0 ? 'no tensors' : `the tensors ${listed([...tensors.keys()])}`}`
  }
  const has = (name: string): boolean => files.includes(name)
  if (has('config.json') && has('tokenizer.json')) return 'it holds a model'
  if (has('cfg.json') && !files.some((name) => name.endsWith('.safetensors'))) return 'cfg.json is there, but no weights beside it'
  if (files.some((name) => name.endsWith('.distcp')))
    return 'it is a distributed checkpoint of PyTorch, whose index is a pickled object; save it as safetensors'
  if (has('sae_weights.safetensors')) return 'cfg.json is missing beside sae_weights.safetensors'
  if (files.length === 0) return 'there are no files in it'
  const [file] = await filesIn(place)
  if (file) return `several of its files are SAEs by themselves, such as ${basename(file.path)}; choose one of them`
  return `it holds ${listed(files)}`
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}
