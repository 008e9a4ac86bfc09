/** `merge`: the shards of a run as one table, or as a set with its run in a project. */
import { basename, isAbsolute, resolve } from 'node:path'
import { fail } from '../../../shared/errors'
import { findShards, writeMerged } from '../../sets/shards/merge'
import { formatOf } from '../../tables'
import type { Command, CommandContext, OptionValues } from '../command'
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
    if (project !== null) {
      const { mergeIntoProject } = await import('../merged-project')
      return mergeIntoProject(found, project, text(values, 'name') ?? basename(folders[0] ?? ''), context.task)
    }
    if (out === null || format === null) return fail('USAGE', { reason: '--out is missing.' })
    const { prompts, rows } = await writeMerged(found, out, format, context.task)
    const shards = found.shards.length
    const human = `${out}: ${rows} rows of ${prompts} prompts from ${shards} shard${shards === 1 ? '' : 's'}`
    return { json: { path: out, format, shards, prompts, rows }, human, notes: found.notes }
  }
}

function foldersOf(values: OptionValues, { cwd }: CommandContext): string[] {
  const folders = listOf(values.in)
  if (folders.length === 0) fail('USAGE', { reason: '--in is missing.' })
  return folders.map((folder) => (isAbsolute(folder) ? folder : resolve(cwd, folder)))
}
