/** `report`: everything a project holds, as one file. */
import { extname } from 'node:path'
import { fail } from '../../../shared/errors'
import type { Command, OptionValues } from '../command'
import { path, text } from '../options'

const FORMATS = ['html', 'csv', 'json'] as const
type Format = (typeof FORMATS)[number]

export const report: Command = {
  name: 'report',
  summary: 'a report of everything a project holds: rankings, comparisons, set runs, experiments',
  options: {
    project: { type: 'string', value: 'FILE', help: 'the project (.gradsae)' },
    out: { type: 'string', value: 'FILE', help: 'the file to write: .html, .csv or .json' },
    format: { type: 'string', value: 'NAME', help: `${FORMATS.join(', ')}; by the file's ending when left out` }
  },
  async run(values, context) {
    const project = path(values, 'project', context)
    const out = path(values, 'out', context)
    const { writeProjectReport } = await import('../../archive/report')
    const written = await writeProjectReport(project, { path: out, format: formatOf(values, out), version: context.version })
    return { json: written, human: `Wrote ${written.path} (${written.bytes} bytes).` }
  }
}

function formatOf(values: OptionValues, out: string): Format {
  const wanted = text(values, 'format') ?? (extname(out).slice(1).toLowerCase() || 'html')
  const known = FORMATS.find((format) => format === wanted)
  return known ?? fail('USAGE', { reason: `There is no report format "${wanted}"; there are ${FORMATS.join(', ')}.` })
}
