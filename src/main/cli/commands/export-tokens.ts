/** `export-tokens`: every token of saved comparisons with its numbers, as one table. */
import { extname } from 'node:path'
import { resolveBundled } from '../../../shared/bundled'
import { fail } from '../../../shared/errors'
import type { TokenFormat } from '../../archive/export-tokens'
import type { Command } from '../command'
import { path } from '../options'

const FORMATS: readonly TokenFormat[] = ['csv', 'json', 'parquet']

export const exportTokens: Command = {
  name: 'export-tokens',
  summary: 'every token of a project’s steering comparisons with its numbers, as a table',
  options: {
    project: { type: 'string', value: 'FILE', help: 'the project (.gradsae)' },
    comparison: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'a saved comparison, by its name or id; any number of times, all when left out'
    },
    out: { type: 'string', value: 'FILE', help: 'the file to write: .csv, .json or .parquet' }
  },
  async run(values, context) {
    const project = path(values, 'project', context)
    const out = path(values, 'out', context)
    const ending = extname(out).slice(1).toLowerCase()
    const format =
      FORMATS.find((name) => name === ending) ?? fail('USAGE', { reason: `--out ends in .csv, .json or .parquet, not "${ending}".` })
    const wanted = (Array.isArray(values.comparison) ? values.comparison : []).map(String)
    const shown = (stored: string): string => resolveBundled(stored, context.bundledModels)
    const { exportProjectTokens } = await import('../../archive/export-tokens')
    const written = await exportProjectTokens(project, wanted, { path: out, format, shown }, context.task)
    const human = `${written.path}: ${written.rows} tokens of ${written.comparisons} comparison${written.comparisons === 1 ? '' : 's'}`
    return { json: { ...written, format }, human }
  }
}
