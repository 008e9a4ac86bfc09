/** Reports to build, and what a reader sees of them. */
import type { Report } from '../../src/main/reports/report'

export const emptyReport: Report = {
  title: 'What makes Mia sad',
  introduction: 'First.\n\nSecond.',
  project: { name: 'Demo', notes: '' },
  rankings: [],
  comparisons: [],
  setRuns: [],
  experiments: [],
  version: '1.2.3',
  writtenAt: '2026-01-02T03:04:05.000Z'
}

/** What a reader sees: tags gone, entities as characters, spaces as one. */
export function textOf(markup: string): string {
  const body = markup.slice(markup.indexOf('<body>'))
  return body
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}
