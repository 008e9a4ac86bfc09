/** The shards of a run as a set with its run in a project. */
import { rename, rm, stat } from 'node:fs/promises'
import type { Task } from '../../shared/task'
import { mergedBatches, mergedPrompts, mergedResults, type Merge } from '../sets/shards/merge'
import { createProject, openProject, type Project } from '../storage/project'
import { createSet } from '../storage/prompt-sets'
import { appendSetResults, createSetRun, finishSetRun } from '../storage/set-runs'
import { failToWrite } from '../tensors/files'
import type { CommandResult } from './command'

/** A project that is made here is whole or not there; one that exists gets a set, and a run that says itself how much of it is stored. */
export async function mergeIntoProject(found: Merge, path: string, name: string, task: Task): Promise<CommandResult> {
  // Looked at as a whole before anything is stored.
  const prompts = (await mergedResults(found, task)).length
  const exists = (await stat(path).catch(() => null)) !== null
  const at = exists ? path : `${path}.merging`
  if (!exists) await rm(at, { force: true })
  const project = exists ? await openProject(path) : await createProject(at, name)
  let run
  try {
    run = await store(project, found, name, task)
  } catch (thrown) {
    project.close()
    if (!exists) await rm(at, { force: true })
    throw thrown
  }
  project.close()
  if (!exists) await rename(at, path).catch((error: unknown) => failToWrite(path, error))
  const human = `${path}: the set "${name}" of ${prompts} prompts with its run`
  return { json: { path, ...run, name, prompts, shards: found.shards.length }, human, notes: found.notes }
}

async function store(project: Project, found: Merge, name: string, task: Task): Promise<{ set: string; run: string }> {
  const { folder, manifest } = found.first
  const { settings, sae, device } = manifest.identity
  const { batches, provenance } = manifest.finished
  const set = await createSet(project, { name, source: folder, prompts: await mergedPrompts(found) })
  const run = await createSetRun(project, {
    setId: set,
    name,
    settings,
    bench: { model: provenance.model.path, sae: provenance.sae.path, hook: provenance.hook, device, reading: sae.reading },
    saeHash: provenance.sae.hash,
    modelName: provenance.model.name,
    saeName: provenance.sae.name
  })
  for await (const { batch, results } of mergedBatches(found, task)) await appendSetResults(project, run, { batch, batches, results })
  await finishSetRun(project, run, provenance)
  return { set, run }
}
