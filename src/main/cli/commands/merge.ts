/** `merge`: the shards of a run as one table, or as a set with its run in a project. */
import { rename, rm, stat } from 'node:fs/promises'
import { basename, isAbsolute, resolve } from 'node:path'
import { fail } from '../../../shared/errors'
import type { Task } from '../../../shared/task'
import { findShards, mergedBatches, mergedPrompts, mergedResults, writeMerged, type Merge } from '../../sets/shards/merge'
import { createProject, openProject, type Project } from '../../storage/project'
import { createSet } from '../../storage/prompt-sets'
import { appendSetResults, createSetRun, finishSetRun } from '../../storage/set-runs'
import { formatOf } from '../../tables'
import { failToWrite } from '../../tensors/files'
import type { Command, CommandContext, CommandResult, OptionValues } from '../command'
import { optionalPath, text } from '../options'
import { listOf } from '../target'

export const merge: Command = {
  name: 'merge',
  summary: 'one table or project of the shards that attribute-set has written',
  options: {
    in: { type: 'string', multiple: true, value: 'DIR', help: 'folder of shards; once for each folder' },
    out: { type: 'string', value: 'FILE', help: 'a table, by prompt and rank: .parquet, .csv or .jsonl' },
    project: { type: 'string', value: 'FILE', help: 'a project (.gradsae), new or not, that gets the set and the run' },
    name: { type: 'string', value: 'TEXT', help: 'with --project: name of set and run; that of the folder by default' }
  },
  async run(values, context) {
    const folders = foldersOf(values, context)
    const [out, project] = [optionalPath(values, 'out', context), optionalPath(values, 'project', context)]
    if ((out === null) === (project === null)) fail('USAGE', { reason: 'Give either --out or --project.' })
    const format = out === null ? null : formatOf(out)
    const found = await findShards(folders)
    if (project !== null) return intoProject(found, project, text(values, 'name') ?? basename(folders[0] ?? ''), context.task)
    if (out === null || format === null) return fail('USAGE', { reason: '--out is missing.' })
    const { prompts, rows } = await writeMerged(found, out, format, context.task)
    const shards = found.shards.length
    const human = `${out}: ${rows} rows of ${prompts} prompts from ${shards} shard${shards === 1 ? '' : 's'}`
    return { json: { path: out, format, shards, prompts, rows }, human, notes: found.notes }
  }
}

/** A project that is made here is whole or not there; one that exists gets a set, and a run that says itself how much of it is stored. */
async function intoProject(found: Merge, path: string, name: string, task: Task): Promise<CommandResult> {
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

function foldersOf(values: OptionValues, { cwd }: CommandContext): string[] {
  const folders = listOf(values.in)
  if (folders.length === 0) fail('USAGE', { reason: '--in is missing.' })
  return folders.map((folder) => (isAbsolute(folder) ? folder : resolve(cwd, folder)))
}
