/**
 * Finds what may be a model or an SAE below a folder, by content: every folder's listing is read once, and of single files that may be
 * SAEs the header only. Links to folders are not followed, hidden folders are passed over, and the search is bounded.
 */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { breathe, type Task } from '../../shared/task'
import { formatsOf, mayBeSae, placeOf } from '../saes'
import type { Place } from '../saes/types'
import { readJsonObject } from '../tensors/json'

/** How far a search goes. */
export interface Limits {
  /** Folders deeper than this below the given one are not looked into: a Hugging Face cache has six levels above an SAE. */
  readonly depth: number
  readonly folders: number
  /** Files whose headers are read. */
  readonly files: number
}

export const LIMITS: Limits = { depth: 8, folders: 10_000, files: 5000 }

/** An SAE of several thousand numbers is no larger than this; nothing smaller is worth opening. */
const SMALLEST_FILE = 1024

export interface Candidate {
  readonly path: string
  readonly kind: 'model' | 'sae'
  /** Formats that would read it; none for what only looks like an SAE, which opening it then explains. */
  readonly formats: readonly string[]
}

export interface Search {
  readonly candidates: readonly Candidate[]
  /** Whether a limit ended it. */
  readonly cut: boolean
}

/** Everything at or below `root`, in the order of the paths. Rejects with Cancelled. @throws FILE_MISSING, FILE_UNREADABLE */
export async function findBelow(root: string, task: Task, limits: Limits = LIMITS): Promise<Search> {
  const start = await placeOf(root)
  if (start.isFile) return { candidates: await atFile(start), cut: false }
  const candidates: Candidate[] = []
  const waiting = [{ place: start, depth: 0 }]
  let [folders, files, cut] = [0, 0, false]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    await breathe(task)
    task.progress('Looking through folders', folders, folders + waiting.length + 1)
    if (++folders > limits.folders) return { candidates: sorted(candidates), cut: true }
    const own = await atFolder(next.place)
    if (own) candidates.push(own)
    else {
      const singles = next.place.files.filter(mayBeSae)
      for (const name of singles) {
        if (++files > limits.files) {
          cut = true
          break
        }
        await breathe(task)
        candidates.push(...(await single(join(next.place.path, name))))
      }
    }
    if (next.depth === limits.depth) continue
    for (const folder of await foldersIn(next.place.path)) {
      const place = await placeOf(folder).catch(() => null)
      if (place) waiting.push({ place, depth: next.depth + 1 })
    }
  }
  return { candidates: sorted(candidates), cut }
}

/** A given file: an SAE by itself, or one of the files of a model or an SAE. */
async function atFile(file: Place): Promise<Candidate[]> {
  const own = await formatsOf(file)
  if (own.length > 0) return [{ path: file.path, kind: 'sae', formats: own.map(({ format }) => format) }]
  const folder = await atFolder(await placeOf(dirname(file.path)))
  return [folder ?? { path: file.path, kind: 'sae', formats: [] }]
}

/** The folder itself as a model or an SAE, or what looks enough like one to say why it is none. */
async function atFolder(place: Place): Promise<Candidate | null> {
  const { path, files } = place
  const formats = (await formatsOf(place)).map(({ format }) => format)
  if (formats.length > 0) return { path, kind: 'sae', formats }
  if (await describesModel(place)) return { path, kind: 'model', formats }
  return files.includes('cfg.json') || files.includes('sae_weights.safetensors') ? { path, kind: 'sae', formats } : null
}

/** Trainers of SAEs write a config.json, too; a model's names its architecture. */
async function describesModel({ path, files }: Place): Promise<boolean> {
  if (!files.includes('config.json')) return false
  if (files.some((name) => /^(model|pytorch_model)\b.*\.(safetensors|bin|json)$/.test(name))) return true
  const config = await readJsonObject(join(path, 'config.json')).catch(() => null)
  return config !== null && (typeof config.model_type === 'string' || Array.isArray(config.architectures))
}

async function single(path: string): Promise<Candidate[]> {
  const found = await stat(path).catch(() => null)
  if (!found?.isFile() || found.size < SMALLEST_FILE) return []
  const formats = await formatsOf({ path, isFile: true, files: [] })
  return formats.length > 0 ? [{ path, kind: 'sae', formats: formats.map(({ format }) => format) }] : []
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => join(folder, entry.name))
}

/** "layer2" before "layer10". */
function sorted(candidates: readonly Candidate[]): Candidate[] {
  const order = new Intl.Collator('en', { numeric: true })
  return [...candidates].sort((a, b) => order.compare(a.path, b.path))
}
