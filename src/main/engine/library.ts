/** What lies at or below folders: every model and SAE described, and why the rest cannot be used. */
import { Cancelled, fail, toWireError } from '../../shared/errors'
import type { ModelInfo, SaeInfo } from '../../shared/records/model'
import { breathe, type Task } from '../../shared/task'
import { modelInfo, openModel } from '../models'
import { openSae, saeInfo } from '../saes'
import { findBelow, LIMITS, type Candidate, type Limits } from './find'

/** Why a path cannot be used. */
export interface Refusal {
  path: string
  message: string
  fix: string
}

export interface Found {
  models: ModelInfo[]
  saes: SaeInfo[]
  /** SAEs that several formats would read. */
  ambiguous: { path: string; formats: string[] }[]
  /** What looks like a model or an SAE but cannot be used, and given paths that hold nothing, with the reason. */
  refused: Refusal[]
}

/** Every model and SAE at or below the given folders and files, in the order of their paths. Rejects with Cancelled. */
export async function inspectFolders(paths: readonly string[], task: Task, limits: Limits = LIMITS): Promise<Found> {
  const found: Found = { models: [], saes: [], ambiguous: [], refused: [] }
  const visit = (candidate: Candidate): Promise<void> => describe(candidate, found)
  await visitFolders(paths, visit, (refusal) => found.refused.push(refusal), task, limits)
  return found
}

/**
 * Hands everything at or below the given folders and files to `visit`, each place once; what `visit` throws is handed to `refuse`, as
 * is a path that holds nothing. Rejects with Cancelled.
 */
export async function visitFolders(
  paths: readonly string[],
  visit: (candidate: Candidate) => Promise<void>,
  refuse: (refusal: Refusal) => void,
  task: Task,
  limits: Limits = LIMITS
): Promise<void> {
  const seen = new Set<string>()
  for (const root of paths) {
    await refusing(root, refuse, async () => {
      const { candidates, cut } = await findBelow(root, task, limits)
      const news = candidates.filter(({ path }) => !seen.has(path))
      for (const [index, candidate] of news.entries()) {
        seen.add(candidate.path)
        await breathe(task)
        task.progress('Reading models and SAEs', index, news.length)
        await refusing(candidate.path, refuse, () => visit(candidate))
      }
      // Opening what holds nothing says best what is missing.
      if (candidates.length === 0) await openModel(root)
      const { folders, files } = limits
      if (cut) fail('LIBRARY_TOO_LARGE', { path: root, folders, files })
    })
  }
}

async function describe({ path, kind, formats }: Candidate, found: Found): Promise<void> {
  if (kind === 'model') found.models.push(modelInfo(await openModel(path)))
  else if (formats.length > 1) found.ambiguous.push({ path, formats: [...formats] })
  else found.saes.push(saeInfo(await openSae(path)))
}

/** What fails is listed under its path, so that one bad folder hides no others. Cancelled ends it all. */
async function refusing(path: string, refuse: (refusal: Refusal) => void, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof Cancelled) throw thrown
    const { message, fix } = toWireError(thrown)
    refuse({ path, message, fix })
  }
}
