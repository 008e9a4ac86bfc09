/** A real comparison from the engine to the files that leave the program: the token table and the report say what the run said. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createEngineHandlers } from '../../src/main/engine/handlers'
import { scoreFormula } from '../../src/main/steering/measures'
import { formatNumber } from '../../src/renderer/utils/format'
import { DEFAULT_GENERATION, type Comparison, type Recipe } from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { openArchive } from '../support/archive'
import { DEFAULT_MODEL } from '../support/models'
import { textOf } from '../support/report'

const MODELS = join(DEFAULT_MODEL, '..', '..')
const saeAt = (layer: number): string => join(MODELS, 'storyteller', 'saes', `blocks.${layer}.hook_resid_post-topk-2048`)
const BENCH = { model: DEFAULT_MODEL, sae: saeAt(3), hook: null, device: 'cpu' } as const
const PROMPT = 'Once upon a time there was a little girl named Mia. One day'

async function realComparison(): Promise<Comparison> {
  const engine = createEngineHandlers({ bundledModels: MODELS, labels: null, version: 'test' })
  const task = { ...quietTask(), emit: () => undefined }
  const other = await engine['sae.open']({ sae: saeAt(4) }, task)
  const [top] = (
    await engine['attribution.rank']({ ...BENCH, prompt: { text: PROMPT }, method: 'gradsae', target: null, includeSpecial: true }, task)
  ).latents
  if (!top) throw new Error('a prompt has active latents')
  const { path, hash, hook, name } = other
  const recipes: Recipe[] = [
    {
      id: 'a',
      name: 'more',
      interventions: [{ latent: top.latent, mode: 'add', coefficient: 2 * top.maxActivation, positions: 'all' }],
      keepError: true
    },
    {
      id: 'b',
      name: 'two SAEs',
      interventions: [
        { latent: top.latent, mode: 'ablate', coefficient: 0, positions: 'generated' },
        { latent: 3, sae: hash, mode: 'add', coefficient: 0.5, unit: 'residual', positions: 'last' }
      ],
      keepError: true,
      saes: [{ name, path, hash, hook, reading: {} }],
      editSpecial: false
    }
  ]
  return engine['steering.compare'](
    {
      ...BENCH,
      prompt: { text: PROMPT },
      recipes,
      settings: { ...DEFAULT_GENERATION, maxTokens: 24, temperature: 0.8, seed: 3 },
      target: { id: 100 },
      watch: [101, 102],
      score: true,
      concept: { latent: null, promoted: 20, keywords: ['sad'], pattern: '', otherPrompts: [{ text: 'Tom had a red ball.' }] }
    },
    task
  )
}

test('a comparison of the default model leaves the program with every number it was made with', async () => {
  const comparison = await realComparison()
  const { call, folder } = await openArchive()
  await call('project.create', { path: join(folder, 'p.gradsae'), name: 'P' })
  const { id } = await call('comparisons.save', { name: 'real', comparison })

  const path = join(folder, 'tokens.parquet')
  const { rows } = await call('comparisons.export', { ids: [id], path, format: 'parquet' })
  const bytes = await readFile(path)
  const table = z
    .array(Row)
    .parse(await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }))
  const prompt = comparison.promptTokens.length
  expect(table).toHaveLength(rows)
  for (const [at, column] of comparison.columns.entries()) {
    const own = table.filter((row) => row.column === at)
    expect(own.map(({ token_id }) => token_id)).toEqual([...comparison.promptTokens, ...column.tokens].map((token) => token.id))
    const text = own.slice(prompt)
    expect(text.map(({ logprob }) => logprob)).toEqual(column.tokens.map(({ logprob }) => logprob))
    expect(text.map(({ kl }) => kl)).toEqual(column.scores?.kl)
    expect(text.map((row) => [row.watched_1_probability, row.watched_2_probability])).toEqual(column.tokens.map(({ watched }) => watched))
    // What the run says of the whole text follows from the rows, in the same order of the same sum of doubles up to rounding.
    const mean = text.reduce((sum, row) => sum + (row.baseline_logprob ?? NaN), 0) / text.length
    expect(Math.exp(-mean) / (column.scores?.perplexity ?? NaN)).toBeCloseTo(1, 12)
    expect(text.every(({ edit_size }) => (at === 0 ? edit_size === 0 : edit_size !== null && edit_size > 0))).toBe(true)
  }

  const report = join(folder, 'report.html')
  const nothing = { title: 'T', introduction: '', rankings: [], setRuns: [], experiments: [] }
  await call('report.write', { ...nothing, path: report, format: 'html', comparisons: [id] })
  const text = textOf(await readFile(report, 'utf8')).replace(/[\u00a0\u2007\u2008]/g, ' ')
  for (const { measures } of comparison.columns) {
    expect(measures?.overall).toBeGreaterThanOrEqual(0)
    for (const value of [measures?.overall, measures?.fluency.value, measures?.relatedness?.value])
      expect(text).toContain(formatNumber(value))
  }
  for (const words of ['× ‖x‖ at the last position', 'How the scores come about', ...scoreFormula()]) expect(text).toContain(words)
  expect(text).not.toMatch(/NaN|undefined/)
})

const Row = z.object({
  column: z.number(),
  token_id: z.number(),
  logprob: z.number().nullable(),
  baseline_logprob: z.number().nullable(),
  kl: z.number().nullable(),
  edit_size: z.number().nullable(),
  watched_1_probability: z.number().nullable(),
  watched_2_probability: z.number().nullable()
})
