import { expect, it } from 'vitest'
import { aggregateOf, type AggregateOptions } from '../../../src/main/statistics/aggregate'
import type { Batches } from '../../../src/main/statistics/set-columns'
import { mannWhitney } from '../../../src/main/statistics/mann-whitney'
import type { SetPrompt, SetResult } from '../../../src/shared/records/sets'
import { failureOf } from '../../support/failing'
import { promptsNamed, randomResults } from '../../support/set-results'

const OPTIONS: AggregateOptions = { topK: 2, groups: null, limit: 100, resamples: 200, seed: 0 }
const NO_PAUSE = (): Promise<void> => Promise.resolve()

/** A result whose latents are [latent, score] pairs, best first. */
function resultOf(index: number, latents: readonly (readonly [number, number])[]): SetResult {
  const [template] = randomResults(1, promptsNamed(1))
  if (!template) throw new Error('there is a template')
  const scores = Float32Array.from(latents, ([, score]) => score)
  return {
    ...template,
    index,
    id: `p${index}`,
    error: null,
    latent: Int32Array.from(latents, ([latent]) => latent),
    score: scores,
    maxActivation: scores,
    meanActivation: scores
  }
}

function batches(...results: readonly SetResult[][]): Batches {
  return async function* () {
    for (const batch of results) yield await Promise.resolve(batch)
  }
}

const prompts = (count: number, change: (index: number) => Partial<SetPrompt> = () => ({})): SetPrompt[] =>
  promptsNamed(count).map((prompt, index) => ({ ...prompt, ...change(index) }))

it('a latent’s mean counts prompts without it as 0, and shares count prompts with a result', async () => {
  const results = [
    resultOf(0, [
      [5, 4],
      [7, 1]
    ]),
    resultOf(1, [
      [7, 3],
      [8, 2],
      [5, 1]
    ]),
    resultOf(2, [])
  ]
  const failed = { ...resultOf(3, []), error: { code: 'X', message: 'x' } }
  const found = await aggregateOf(batches(results, [failed]), prompts(4), OPTIONS, NO_PAUSE)
  expect(found).toMatchObject({ prompts: 3, failed: 1, total: 3, stability: null, groups: null })
  expect(found.latents.map(({ latent, mean, active, inTop }) => [latent, mean.value, active, inTop])).toEqual([
    [5, 5 / 3, 2 / 3, 1 / 3],
    [7, 4 / 3, 2 / 3, 2 / 3],
    [8, 2 / 3, 1 / 3, 1 / 3]
  ])
  for (const { mean } of found.latents) expect(mean.low <= mean.value && mean.value <= mean.high).toBe(true)
})

it('does not depend on the order in which batches are stored', async () => {
  const asked = promptsNamed(60)
  const results = randomResults(4, asked)
  const [forwards, backwards] = await Promise.all(
    [results, [...results].reverse()].map((order) => aggregateOf(batches(order.slice(0, 20), order.slice(20)), asked, OPTIONS, NO_PAUSE))
  )
  expect(backwards).toEqual(forwards)
})

it('the latents that separate two groups come first, with Mann-Whitney’s p corrected for their number', async () => {
  const asked = prompts(40, (index) => ({ group: index < 20 ? 'sad' : 'happy' }))
  const results = asked.map((_, index) =>
    resultOf(index, [
      [1, 10 + (index % 3)],
      [2, index < 20 ? 5 + index / 10 : 1 + index / 100]
    ])
  )
  const found = await aggregateOf(batches(results), asked, { ...OPTIONS, groups: ['sad', 'happy'] }, NO_PAUSE)
  const [separating, other] = found.latents
  expect([separating?.latent, other?.latent]).toEqual([2, 1])
  const scores = (from: number, to: number): number[] => results.slice(from, to).map(({ score }) => score[1] ?? 0)
  expect(separating?.p).toBe(mannWhitney(scores(0, 20), scores(20, 40)))
  expect(separating?.q).toBeCloseTo(2 * (separating?.p ?? NaN), 15)
  const mean = (list: number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
  expect(separating?.difference?.value).toBeCloseTo(mean(scores(0, 20)) - mean(scores(20, 40)), 10)
  expect(separating?.difference?.low).toBeGreaterThan(0)
  expect(await failureOf(() => aggregateOf(batches(results), asked, { ...OPTIONS, groups: ['sad', 'angry'] }, NO_PAUSE))).toBe(
    'No prompt with a result belongs to the group "angry". Choose one of the groups of this set: sad, happy.'
  )
})

it('stability is the overlap of the best latents between paraphrases, beside that of other prompts', async () => {
  const asked = prompts(20, (index) => ({ paraphrase: String(Math.floor(index / 2)) }))
  const results = asked.map((_, index) =>
    resultOf(index, [
      [Math.floor(index / 2), 2],
      [1000 + index, 1]
    ])
  )
  const { stability } = await aggregateOf(batches(results), asked, OPTIONS, NO_PAUSE)
  // Two best of each; paraphrases share one of three, others none.
  expect(stability).toMatchObject({ families: 10, others: { value: 0 } })
  expect(stability?.paraphrases.value).toBeCloseTo(1 / 3, 12)
})

it('ends when what it waits for ends it', async () => {
  const pause = (): Promise<void> => Promise.reject(new Error('stop'))
  await expect(aggregateOf(batches([resultOf(0, [])]), prompts(1), OPTIONS, pause)).rejects.toThrow('stop')
})
