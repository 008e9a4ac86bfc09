import Papa from 'papaparse'
import { describe, expect, test } from 'vitest'
import { buildReport } from '../../../src/main/reports/build'
import { JsonReport } from '../../../src/main/reports/json'
import type { Report } from '../../../src/main/reports/report'
import { reportedSetRun, sampleResult, savedExperiment } from '../../support/experiments'
import { sampleRanking } from '../../support/records'
import { reportedComparison, savedRanking } from '../../support/saved'

const report: Report = {
  title: 'T',
  introduction: '',
  project: { name: 'P', notes: 'n' },
  rankings: [savedRanking(), savedRanking({ id: 'second', name: 'second' }, sampleRanking(3, 'gradsae'))],
  comparisons: [reportedComparison()],
  setRuns: [],
  experiments: [],
  version: '1.2.3',
  writtenAt: '2026-01-02T03:04:05.000Z'
}

function rowsOf(csv: string | undefined): Record<string, string>[] {
  const parsed = Papa.parse<Record<string, string>>(csv ?? '', { header: true, skipEmptyLines: true })
  expect(parsed.errors).toEqual([])
  return parsed.data
}

describe('JSON', () => {
  test('holds everything and is read again exactly', async () => {
    const [file] = await buildReport(report, 'json', '/r.json')
    const read = JsonReport.parse(JSON.parse(file?.content ?? ''))
    expect(read).toMatchObject({ format: 1, generator: 'GradSAE Workbench 1.2.3', title: 'T', project: { name: 'P' } })
    expect(read.rankings).toEqual(report.rankings)
    expect(read.comparisons).toEqual(report.comparisons)
  })

  test('holds set runs and experiments, these without the parts that only serve to resume them', async () => {
    const { finished, ...saved } = savedExperiment({ finished: [{ part: 0, data: 1 }] })
    expect(finished).toHaveLength(1)
    const [file] = await buildReport({ ...report, setRuns: [reportedSetRun()], experiments: [saved] }, 'json', '/r.json')
    const read = JsonReport.parse(JSON.parse(file?.content ?? ''))
    expect(read.setRuns).toEqual([reportedSetRun()])
    expect(read.experiments).toEqual([saved])
  })

  test('written before there were set runs and experiments is read as having none', async () => {
    const { setRuns: _runs, experiments: _experiments, ...old } = report
    const [file] = await buildReport(report, 'json', '/r.json')
    const written = { ...(JSON.parse(file?.content ?? '') as object), setRuns: undefined, experiments: undefined }
    expect(JsonReport.parse(JSON.parse(JSON.stringify(written)))).toMatchObject({ setRuns: [], experiments: [], title: old.title })
  })
})

describe('CSV', () => {
  test('has one row per latent and, beside it, one row per token', async () => {
    const [latents, tokens, ...more] = await buildReport(report, 'csv', '/folder/r.csv')
    expect([latents?.path, tokens?.path, more]).toEqual(['/folder/r.csv', '/folder/r.tokens.csv', []])
    const rows = rowsOf(latents?.content)
    expect(rows).toHaveLength(6 + 3)
    expect(rows[0]).toMatchObject({
      ranking_id: 'ranking-id',
      method: 'attribution',
      rank: '1',
      latent: '100',
      label: 'sadness words',
      positions_counted: 'all positions',
      frozen: 'nothing',
      counterfactual: '',
      score: '0.5',
      target: ' there'
    })
    expect(Number(rows[0]?.exact_effect)).toBeCloseTo(0.46, 12)
    expect(rows[5]?.exact_effect).toBe('')
    expect(rows[2]?.score).toBe(String(-0.5 / 3))
    const steered = rowsOf(tokens?.content).filter(({ column }) => column === '1')
    expect(steered).toHaveLength(5 + 6)
    expect(steered[8]).toMatchObject({
      recipe: 'sadder',
      edits: 'latent 100: add 8 × row at all positions',
      generated: 'true',
      position: '8',
      token: ' weeping',
      kl: '0.09'
    })
  })

  test('of one kind of record is one file', async () => {
    expect((await buildReport({ ...report, comparisons: [] }, 'csv', '/r.csv')).map(({ path }) => path)).toEqual(['/r.csv'])
    const [only, ...more] = await buildReport({ ...report, rankings: [] }, 'csv', '/r.csv')
    expect([only?.path, more]).toEqual(['/r.csv', []])
    expect(rowsOf(only?.content)[0]).toMatchObject({ comparison: 'Sadder', column: '0', recipe: '' })
  })

  test('of set runs and experiments has a row per latent, per cell and per point, each kind in its own file', async () => {
    const files = await buildReport({ ...report, setRuns: [reportedSetRun()], experiments: [savedExperiment()] }, 'csv', '/f/r.csv')
    expect(files.map(({ path }) => path)).toEqual([
      '/f/r.csv',
      '/f/r.tokens.csv',
      '/f/r.set-latents.csv',
      '/f/r.experiments.csv',
      '/f/r.curves.csv'
    ])
    const [, , latents, cells, points] = files.map(({ content }) => rowsOf(content))
    expect(latents?.[0]).toMatchObject({ set: 'Questions', latent: '100', mean: '0.25', mean_low: '0.125', group_1: 'sad', q: '0.08' })
    expect(cells).toHaveLength(9)
    expect(cells?.[2]).toMatchObject({ table: 'masking', row: '1', row_name: 'GradSAE', column: 'em', value: '21', low: '12', high: '30' })
    expect(cells?.[8]).toMatchObject({ row_name: 'exact', text: '', value: '' })
    expect(points?.[1]).toMatchObject({ curve: 'top', series: 'GradSAE', x: '1', y: '60', low: '50', high: '70' })
  })

  test('of an experiment alone is its table first, and without curves nothing else', async () => {
    const none = { ...report, rankings: [], comparisons: [] }
    const saved = savedExperiment({ result: sampleResult({ curves: [] }) })
    expect((await buildReport({ ...none, experiments: [saved] }, 'csv', '/r.csv')).map(({ path }) => path)).toEqual(['/r.csv'])
  })

  test('keeps quotes, commas and line breaks, and disarms what a spreadsheet would calculate', async () => {
    const labels = [
      { latent: 100, label: 'a "quoted", word\nand a line', source: '' },
      { latent: 101, label: '=HYPERLINK("http://x")', source: '' }
    ]
    const [file] = await buildReport({ ...report, rankings: [savedRanking({ labels })], comparisons: [] }, 'csv', '/r.csv')
    const rows = rowsOf(file?.content)
    expect(rows[0]?.label).toBe('a "quoted", word\nand a line')
    expect(rows[1]?.label).toBe(`'=HYPERLINK("http://x")`)
    expect(file?.content.endsWith('\r\n')).toBe(true)
  })
})
