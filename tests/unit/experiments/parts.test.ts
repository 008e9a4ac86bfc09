/** The arithmetic that experiments share, on cases small enough to do by hand. */
import { describe, expect, it } from 'vitest'
import { firstLine, zeroed } from '../../../src/main/experiments/answers'
import { labelsOf, passes, scored, sizesOf } from '../../../src/main/experiments/changes'
import { groupsOf, partnersOf } from '../../../src/main/experiments/groups'
import { bootstrapOf, words } from '../../../src/main/experiments/intervals'
import { roundTo } from '../../../src/main/experiments/precision'
import { withLatents, withoutLatents } from '../../../src/main/experiments/removals'
import { countOf, endsOf, shareInBoth } from '../../../src/main/experiments/sets-of-latents'
import type { ActiveLatents } from '../../../src/main/saes'
import type { SetPrompt } from '../../../src/shared/records/sets'

describe('the ends of a ranking', () => {
  const scores = [
    { latent: 5, score: 0.5 },
    { latent: 2, score: 3 },
    { latent: 9, score: -4 },
    { latent: 1, score: 0 },
    { latent: 7, score: 0.5 }
  ]

  it('are the largest and the smallest scores above 0; equal ones go by latent', () => {
    expect(endsOf(scores, 2)).toEqual({ top: [2, 5], bottom: [5, 7] })
    expect(endsOf(scores, 10)).toEqual({ top: [2, 5, 7], bottom: [5, 7, 2] })
  })

  it('half of the active latents is rounded down, as in the paper’s code', () => {
    expect([countOf(50, 103), countOf(50, 1), countOf(100, 7)]).toEqual([51, 0, 7])
  })

  it('the share in both is of the larger set', () => {
    expect(shareInBoth([1, 2, 3, 4], [3, 4])).toBe(0.5)
    expect(shareInBoth([], [])).toBe(1)
  })
})

describe('what is changed', () => {
  it('columns are counts, then shares of the active latents', () => {
    const sizes = { counts: [1, 10], shares: [50] }
    expect(labelsOf(sizes)).toEqual(['K = 1', 'K = 10', 'K = 50 %'])
    expect(sizesOf(sizes, 25)).toEqual([1, 10, 12])
  })

  it('equal sets of latents are equal lists of interventions', () => {
    expect(zeroed([3, 1])).toEqual(zeroed([1, 3]))
    expect(zeroed([3])).toEqual([{ latent: 3, mode: 'ablate', coefficient: 0, positions: 'all' }])
  })

  it('an answer is its first line', () => {
    expect([firstLine(' rainy\nQuestion: What'), firstLine('\nrainy'), firstLine(' by cart')]).toEqual(['rainy', '', 'by cart'])
  })

  it('the filter is exact match as the paper has it, F1 of 0.9 as its code, or none', () => {
    const [exact, near, wrong] = [scored('The rain.', 'rain'), scored('a b c d e f g h i j k', 'b c d e f g h i j'), scored('sun', 'rain')]
    expect([exact.em, near.em, wrong.em]).toEqual([1, 0, 0])
    // b to k are ten words, b to j nine: precision 9/10, recall 1, F1 18/19.
    expect(near.f1).toBeCloseTo(18 / 19, 15)
    expect([exact, near, wrong].map((one) => passes(one, 'exact match'))).toEqual([true, false, false])
    expect([exact, near, wrong].map((one) => passes(one, 'f1'))).toEqual([true, true, false])
    expect(passes(wrong, 'none')).toBe(true)
  })
})

const prompt = (id: string, text: string, answer: string, group: string | null = null): SetPrompt => ({
  id,
  prompt: { text },
  answer,
  target: null,
  counterfactual: null,
  group,
  paraphrase: null
})

describe('questions on the same text', () => {
  it('are found by their group, else by what stands before the question; alone they make no group', () => {
    const prompts = [
      prompt('a', 'Once.\nQuestion: Who?\nAnswer:', 'Mia'),
      prompt('b', 'Twice.\nQuestion: Who?\nAnswer:', 'Tom'),
      prompt('c', 'Once.\nQuestion: Where?\nAnswer:', 'home'),
      prompt('d', 'one', 'x', 'g'),
      prompt('e', 'two', 'y', 'g'),
      prompt('f', 'no question', 'z')
    ]
    expect(groupsOf(prompts)).toEqual([
      { name: 'a', places: [0, 2] },
      { name: 'g', places: [3, 4] }
    ])
  })

  it('each goes with the next one, in a circle, that has another answer', () => {
    const prompts = ['Mia', 'the Mia', 'home'].map((answer, at) => prompt(String(at), 'x', answer, 'g'))
    expect(partnersOf(prompts, [0, 1, 2])).toEqual([
      { place: 0, other: 2 },
      { place: 1, other: 2 },
      { place: 2, other: 0 }
    ])
    expect(partnersOf(prompts, [0, 1])).toEqual([])
  })
})

describe('intervals', () => {
  it('a mean of equal numbers is certain, and a ratio is of sums', () => {
    const bootstrap = bootstrapOf(4, { resamples: 200, seed: 0 })
    expect(bootstrap.mean([2, 2, 2, 2])).toEqual({ value: 2, low: 2, high: 2 })
    expect(bootstrap.ratio([1, 2, 3, 4], [2, 4, 6, 8])).toEqual({ value: 0.5, low: 0.5, high: 0.5 })
    expect(bootstrap.ratio([1, 1, 1, 1], [1, -1, 1, -1])).toBeNull()
    expect(bootstrapOf(0, { resamples: 200, seed: 0 }).mean([])).toBeNull()
  })

  it('a difference is paired: where it is always the same it is certain, whatever the two means are', () => {
    expect(bootstrapOf(3, { resamples: 200, seed: 1 }).difference([1, 5, 9], [0, 4, 8])).toEqual({ value: 1, low: 1, high: 1 })
  })

  it('are written with a real minus, and without a minus at 0', () => {
    expect(words({ value: -0.001, low: -12.34, high: 3 })).toBe('0.0 (−12.3 to 3.0)')
  })
})

describe('rounding to smaller formats', () => {
  // The values are those of the formats' definitions: 1 + 2^-8 lies halfway between two bfloat16 numbers, 1 + 2^-11 between two float16.
  it.each([
    ['bfloat16', 1 + 2 ** -8, 1],
    ['bfloat16', 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ['bfloat16', -3.14159, -3.140625],
    ['float16', 1 + 2 ** -11, 1],
    ['float16', 0.1, 0.0999755859375],
    ['float16', 2 ** -25, 0],
    ['float16', 1.5 * 2 ** -24, 2 ** -23],
    ['float16', 70000, 65504],
    ['bfloat16', 0, 0]
  ] as const)('%s of %d is %d', (format, value, expected) => {
    expect(roundTo(format, value)).toBe(expected)
  })
})

describe('latents left out of hook values', () => {
  // Two positions of width 2, two latents: reconstruction = scale x (bias + sum of z row) + shift, done by hand.
  const active: ActiveLatents = {
    positions: 2,
    d_out: 2,
    latents: Int32Array.of(4, 8),
    Z: Float32Array.of(1, 0, 2, 3),
    rows: Float32Array.of(1, 2, 10, 20),
    bias: Float32Array.of(0.5, 0.25),
    tokenScale: Float32Array.of(1, 2),
    tokenShift: Float32Array.of(0, 1),
    skip: null,
    reconstruction: Float32Array.of(1.5, 2.25, 2 * (0.5 + 2 + 30) + 1, 2 * (0.25 + 4 + 60) + 1),
    error: new Float32Array(4)
  }

  it('without any, decoder bias, scale and shift remain', () => {
    expect([...withoutLatents(active)]).toEqual([0.5, 0.25, 2, 1.5])
  })

  it('with all of them it is the reconstruction again, with one that one', () => {
    const start = withoutLatents(active)
    expect([...withLatents(active, start, Uint8Array.of(1, 1))]).toEqual([...active.reconstruction])
    expect([...withLatents(active, start, Uint8Array.of(0, 1))]).toEqual([0.5, 0.25, 62, 121.5])
  })
})
