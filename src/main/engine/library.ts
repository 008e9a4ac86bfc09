/** Looks below folders for models and SAEs, by content. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { toWireError } from '../../shared/errors'
import type { ModelInfo, SaeInfo } from '../../shared/records/model'
import { breathe, type Task } from '../../shared/task'
import { modelInfo, openModel } from '../models'
import { openSae, saeInfo } from '../saes'

/** Folders deeper than this below a given one are not looked into, and no more than so many of them. */
const MAX_DEPTH = 5
const MAX_FOLDERS = 5000

export interface Found {
  models: ModelInfo[]
  saes: SaeInfo[]
  /** Folders that look like one but cannot be used, and given folders that hold nothing, with the reason. */
  refused: { path: string; message: string; fix: string }[]
}

/** Every model and SAE at or below the given folders, in the order of their paths. Rejects with Cancelled. */
export async function inspectFolders(paths: readonly string[], task: Task): Promise<Found> {
  const found: Found = { models: [], saes: [], refused: [] }
  for (const path of paths) {
    const candidates = await candidatesBelow(path)
    for (const [index, folder] of candidates.entries()) {
      await breathe(task)
      task.progress('Looking at folders', index, candidates.length)
      await inspect(folder, found)
    }
    // Opening what holds nothing says best what is missing.
    if (candidates.length === 0) await inspect(path, found)
  }
  return found
}

async function inspect(folder: string, found: Found): Promise<void> {
  try {
    if (looksLikeSae(folder)) found.saes.push(saeInfo(await openSae(folder)))
    else found.models.push(modelInfo(await openModel(folder)))
  } catch (thrown) {
    const { message, fix } = toWireError(thrown)
    found.refused.push({ path: folder, message, fix })
  }
}

function looksLikeSae(folder: string): boolean {
  return existsSync(join(folder, 'cfg.json'))
}

function looksLikeModel(folder: string): boolean {
  return existsSync(join(folder, 'config.json'))
}

/** The given folder and those below it that look like a model or an SAE; links are not followed, hidden folders are passed over. */
async function candidatesBelow(root: string): Promise<string[]> {
  const candidates: string[] = []
  const waiting = [{ folder: root, depth: 0 }]
  for (let seen = 0; seen < MAX_FOLDERS; seen++) {
    const next = waiting.shift()
    if (next === undefined) break
    if (looksLikeSae(next.folder) || looksLikeModel(next.folder)) candidates.push(next.folder)
    if (next.depth < MAX_DEPTH) waiting.push(...(await foldersIn(next.folder)).map((folder) => ({ folder, depth: next.depth + 1 })))
  }
  return candidates.sort()
}

async function foldersIn(folder: string): Promise<string[]> {
  const found = await stat(folder).catch(() => null)
  if (found === null || !found.isDirectory()) return []
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => join(folder, entry.name))
}
