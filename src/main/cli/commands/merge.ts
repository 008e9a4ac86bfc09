/** `merge`: the shards of a run as one table. */
import { fail } from '../../../shared/errors'
import { formatOf } from '../../tables'
import { findShards, writeMerged } from '../../sets/shards/merge'
import type { Command, CommandContext, OptionValues } from '../command'
import { path } from '../options'
import { isAbsolute, resolve } from 'node:path'
import { listOf } from '../target'

export const merge: Command = {
  name: 'merge',
  summary: 'one table of the shards that attribute-set has written',
  options: {
    in: { type: 'string', multiple: true, value: 'DIR', help: 'folder of shards; once for each folder' },
    out: { type: 'string', value: 'FILE', help: 'the table, by prompt and rank: .parquet, .csv or .jsonl' }
  },
  async run(values, context) {
    const folders = foldersOf(values, context)
    const out = path(values, 'out', context)
    const format = formatOf(out)
    const found = await findShards(folders)
    const { prompts, rows } = await writeMerged(found, out, format, context.task)
    const shards = found.shards.length
    return {
      json: { path: out, format, shards, prompts, rows },
      human: `${out}: ${rows} rows of ${prompts} prompts from ${shards} shard${shards === 1 ? '' : 's'}`,
      notes: found.notes
    }
  }
}

function foldersOf(values: OptionValues, { cwd }: CommandContext): string[] {
  const folders = listOf(values.in)
  if (folders.length === 0) fail('USAGE', { reason: '--in is missing.' })
  return folders.map((folder) => (isAbsolute(folder) ? folder : resolve(cwd, folder)))
}
