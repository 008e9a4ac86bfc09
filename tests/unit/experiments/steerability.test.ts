/** What predicts steerability, by hand arithmetic. Bootstrap bounds are those of statistics/, tested there. */
import { describe, expect, it } from 'vitest'
import { steerability } from '../../../src/main/experiments/steerability'
import { chanceOf, sampleOf } from '../../../src/main/experiments/steerability-latents'
import {
  correlations,
  crossFitted,
  differences,
  firstMean,
  reliabilities,
  type Case
} from '../../../src/main/experiments/steerability-scores'
import { middleOf, Settings, type SteeredLatent } from '../../../src/main/experiments/steerability-shape'
import type { ResultCell } from '../../../src/shared/records/experiment'
import type { SetPrompt } from '../../../src/shared/records/sets'

/** Texts that are as good as given: at each strength, one number for each seed. */
function textsAt(numbers: Record<number, readonly number[]>, readBack = 0): SteeredLatent['texts'] {
  return Object.entries(numbers).flatMap(([coefficient, values]) =>
    values.map((overall, seed) => ({ coefficient: Number(coefficient), seed, concept: 1, fluency: 1, readBack, overall }))
  )
}

const SETTINGS = Settings.parse({ coefficients: [1, 2], seeds: [0, 1], methods: ['gradsae', 'attribution'], resamples: 100 })

describe('the strength of a latent', () => {
  it('is chosen on one half of the seeds and reported on the other, both ways', () => {
    // Seed 0 chooses 1 and seed 1 reports 0.25 there; seed 1 chooses 2 and seed 0 reports 0.75 there.
    const texts = textsAt({ 1: [1, 0.25], 2: [0.75, 0.5] })
    expect(crossFitted(texts, SETTINGS, ({ overall }) => overall)).toEqual({ value: 0.5, chosen: 1, halves: [0.25, 0.75] })
  })

  it('is the weakest of equally good ones', () => {
    expect(crossFitted(textsAt({ 1: [0, 0], 2: [0, 0] }), SETTINGS, ({ overall }) => overall)).toEqual({
      value: 0,
      chosen: 1,
      halves: [0, 0]
    })
  })

  it('is the one in the middle where there is one seed', () => {
    const one = { seeds: [0], coefficients: [1, 2, 4] }
    expect(crossFitted(textsAt({ 1: [2], 2: [0.5], 4: [1] }), one, ({ overall }) => overall)).toEqual({
      value: 0.5,
      chosen: 2,
      halves: null
    })
    expect(middleOf([1, 2])).toBe(1)
  })
})

const cases = (values: readonly (readonly [gradsae: number, other: number | null, value: number])[]): Case[] =>
  values.map(([gradsae, other, value]) => ({ predictors: { gradsae, other }, drawn: false, value }))

describe('predicting', () => {
  // Ranks of gradsae 1 2 3 4 against 1 2 4 3: 1 - 6 x 2 / 60 = 0.8. Of the other, which lacks the last, on the first three -1.
  const one = cases([
    [1, 9, 0.1],
    [2, 8, 0.2],
    [3, 7, 0.9],
    [4, null, 0.3]
  ])

  it('is a rank correlation on each prompt, over the latents that have a score', () => {
    expect(correlations([one, one.slice(0, 2)], 'gradsae').map((value) => value?.toFixed(12))).toEqual(['0.800000000000', undefined])
    expect(correlations([one], 'other')[0]).toBeCloseTo(-1, 12)
    expect(correlations([one], 'nothing')).toEqual([null])
  })

  it('is compared with that of GradSAE on the same latents: 1 - -1 on the three', () => {
    expect(differences([one, one.slice(1)], 'other').map((value) => value?.toFixed(12))).toEqual(['2.000000000000', undefined])
  })

  it('comes to the mean of the first latents, whose equals share their place', () => {
    const tied = cases([
      [3, 1, 1],
      [2, 1, 0.5],
      [2, 1, 0],
      [1, null, 0.25]
    ])
    expect(firstMean(tied, 'gradsae', 1)).toBe(1)
    expect(firstMean(tied, 'gradsae', 2)).toBe((1 + 0.25) / 2)
    expect(firstMean(tied, 'gradsae', 9)).toBe(1.75 / 4)
    expect(firstMean(tied, 'other', 2)).toBe(0.5)
    expect(firstMean(tied, 'nothing', 1)).toBeNull()
  })
})

describe('the sample', () => {
  const active = Array.from({ length: 40 }, (_, i) => i * 3)
  const up = new Map(active.map((latent) => [latent, latent]))
  const down = new Map(active.map((latent) => [latent, latent === 0 ? null : -latent]))
  const predictions = new Map([
    ['gradsae', up],
    ['input score', down],
    ['random', new Map(active.map((latent) => [latent, latent === 60 ? 1 : 0]))]
  ])

  it('is the top of every predictor but chance, and a draw of all active latents', () => {
    const taken = sampleOf({ active, predictions }, { top: 2, drawn: 5 }, 7)
    expect(taken.filter(({ drawn }) => drawn)).toHaveLength(5)
    expect(taken.map(({ latent }) => latent)).toEqual(expect.arrayContaining([114, 117, 3, 6]))
    expect(taken.length).toBeLessThanOrEqual(9)
    expect(sampleOf({ active, predictions }, { top: 2, drawn: 5 }, 7)).toEqual(taken)
    expect(sampleOf({ active, predictions }, { top: 2, drawn: 5 }, 8)).not.toEqual(taken)
  })

  it('draws every active latent equally often: over 4000 draws of 4 of 40, each about 400 times', () => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 4000; seed++)
      for (const { latent } of sampleOf({ active, predictions }, { top: 0, drawn: 4 }, seed))
        counts.set(latent, (counts.get(latent) ?? 0) + 1)
    // Six standard deviations of a binomial count: sqrt(4000 x 0.1 x 0.9) = 19.
    for (const latent of active) expect(Math.abs((counts.get(latent) ?? 0) - 400)).toBeLessThan(114)
  })

  it('is drawn without a look at the chance predictor: over 2000 draws of 8, its mean over them is 1/2', () => {
    let sum = 0
    for (let seed = 0; seed < 2000; seed++) {
      const chance = chanceOf(active, seed)
      for (const { latent } of sampleOf({ active, predictions: new Map() }, { top: 0, drawn: 8 }, seed)) sum += chance.get(latent) ?? NaN
    }
    // Five standard deviations of the mean of 16 000 uniform numbers: 5 x sqrt(1/12) / sqrt(16000) = 0.0114.
    expect(Math.abs(sum / 16_000 - 0.5)).toBeLessThan(0.0114)
  })

  it('is everything where fewer are active than wanted', () => {
    expect(sampleOf({ active: [3, 4], predictions: new Map() }, { top: 3, drawn: 8 }, 0).map(({ latent }) => latent)).toEqual([3, 4])
  })
})

describe('the result', () => {
  /** Four latents: GradSAE has their order, attribution its reverse, the input score is missing, the output score has them but for one pair. */
  const latents = [0.2, 0.4, 0.6, 0.8].map((value, i): SteeredLatent => ({
    latent: 10 + i,
    promotes: [' sad', ' cried'],
    drawn: i > 0,
    predictors: { gradsae: i, attribution: -i, 'input score': null, 'output score': [0, 1, 3, 2][i] ?? 0, random: [2, 0, 3, 1][i] ?? 0 },
    texts: textsAt({ 1: [value, value], 2: [0, 0] }, value),
    kl: 1 - value,
    text: ' and cried.'
  }))
  const result = steerability.result(
    [],
    steerability.settings({ ...SETTINGS }),
    [0, 1].map((part) => ({ part, data: { id: `p${part}`, active: 9, latents } }))
  )
  const cells = (name: string): ResultCell[][] =>
    (result.tables.find((table) => table.name === name)?.rows ?? []).map((row) =>
      row.map((cell) => {
        const value = typeof cell === 'object' && cell !== null ? cell.value : cell
        return typeof value === 'number' ? Number(value.toFixed(12)) : value
      })
    )

  it('has the correlation of every predictor, that of GradSAE minus it, and both among random latents', () => {
    expect(cells('steerability')).toEqual([
      ['gradsae', 1, null, 1, null, 8],
      ['attribution', -1, 2, -1, 2, 8],
      ['input score', null, null, null, null, 0],
      // 1 - 6 x 2 / 60 of four; of the last three (ranks 1 3 2): 1 - 6 x 2 / 24.
      ['output score', 0.8, 0.2, 0.5, 0.5, 8],
      // Ranks 3 1 4 2: 1 - 6 x 10 / 60; of the last three 1 3 2.
      ['random', 0, 1, 0.5, 0.5, 8]
    ])
    expect(cells('read_back')[0]).toEqual(['gradsae', 1, null, 1, null, 8])
    expect(cells('divergence')[0]).toEqual(['gradsae', -1, null, -1, null, 8])
  })

  it('says what the first latents come to, of the sample and of each predictor', () => {
    expect(cells('top').map((row) => row.slice(0, 3))).toEqual([
      ['gradsae', 0.8, 0.6],
      ['attribution', 0.2, 0.4],
      ['input score', null, null],
      ['output score', 0.6, 0.6],
      ['random', 0.6, 0.533333333333]
    ])
    expect(cells('top')[0]?.at(-1)).toBe(0.5)
    const [curve] = result.curves
    expect(curve?.series[0]?.points.map(({ x, y }) => [x, Number(y.toFixed(12))])).toEqual([
      [1, 0.8],
      [2, 0.7],
      [3, 0.6],
      [4, 0.5]
    ])
  })

  it('lists every latent, the most steerable first, with a text', () => {
    expect(cells('latents')[0]).toEqual(['p0', '13', 'sad, cried', 0.8, 1, 0.8, 0.2, 3, -3, null, 2, 'yes', ' and cried.'])
    expect(cells('latents')).toHaveLength(8)
  })

  it('answers with its uncertainty, and does not rank what it cannot tell apart', () => {
    expect(result.sentence).toBe(
      'Influence (GradSAE) has a rank correlation of 1.00 (1.00 to 1.00) with steerability; it predicts better than attribution at −1.00 (−1.00 to −1.00) and output score at 0.80 (0.80 to 0.80); among latents drawn at random alone it is 1.00 (1.00 to 1.00); 8 latents on 2 prompts, which are too few for such intervals.'
    )
    expect(result.notes.join(' ')).toContain('8 have no input score')
    expect(reliabilities([{ id: 'p', active: 4, latents }], SETTINGS)[0]).toBeCloseTo(1, 12)
    const turned = latents.map((latent) => ({
      ...latent,
      predictors: { ...latent.predictors, gradsae: -(latent.predictors.gradsae ?? 0), attribution: 0 }
    }))
    const other = steerability.result([], steerability.settings({ ...SETTINGS }), [
      { part: 0, data: { id: 'p', active: 9, latents } },
      { part: 1, data: { id: 'q', active: 9, latents: turned } }
    ])
    expect(other.sentence).toMatch(/ 0\.00 \(−1\.00 to 1\.00\) with steerability; .*cannot be told from output score at 0\.80/)
  })

  it('says so where nothing steers', () => {
    const flat = latents.map((latent) => ({ ...latent, texts: textsAt({ 1: [0, 0], 2: [0, 0] }) }))
    const { sentence } = steerability.result([], steerability.settings({ ...SETTINGS }), [
      { part: 0, data: { id: 'p', active: 9, latents: flat } }
    ])
    expect(sentence).toMatch(/nothing can be said of what predicts it/)
  })
})

it('its settings keep GradSAE and leave chance to itself, and have no strength 0', () => {
  expect(steerability.settings({ methods: ['random', 'attribution'] }).methods).toEqual(['gradsae', 'attribution'])
  expect(() => steerability.settings({ coefficients: [0, 1] })).toThrow('strength 0 is the baseline')
  expect(steerability.parts(new Array<SetPrompt>(30), steerability.settings({ steered: 4 }))).toBe(4)
})
