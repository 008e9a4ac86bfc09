/** Everything the engine answers for ten SAEs on four tiny models, against PyTorch in float64. */
import { describe, expect, it } from 'vitest'
import type { Ranking } from '../../src/shared/records/ranking'
import type { Recipe } from '../../src/shared/records/steering'
import { handlerTask, openEngine } from '../support/engine'
import { GOLDEN_CASES, type GoldenCase, type GoldenGeneration, type GoldenRanking } from '../support/golden-cases'

// The workbench computes in float32, whose unit is 6e-8. Sums of a few hundred terms of size 10 through three blocks are good to about
// 2e-6 of the largest term; 2e-5 leaves room for another runtime's order of summation, and is 15 to 50 times below what the fixtures
// keep every threshold away.
const TOLERANCE = 2e-5
// A difference of two values near `value`, each good to TOLERANCE of it.
const EFFECT_TOLERANCE = 2 * TOLERANCE

const engine = openEngine()

/** Within TOLERANCE of `size`, the size of the largest term that went into the number. */
function expectNear(found: number | undefined, wanted: number, size: number, tolerance = TOLERANCE): void {
  expect(Math.abs((found ?? NaN) - wanted)).toBeLessThanOrEqual(tolerance * Math.max(size, 1e-3))
}

const largest = (numbers: readonly number[]): number => Math.max(0, ...numbers.map(Math.abs))
const named = ({ model, sae, hook, nameless, ids }: GoldenCase) => ({
  model,
  sae,
  hook: nameless ? hook : null,
  device: 'cpu' as const,
  prompt: { ids }
})

describe.each(GOLDEN_CASES)('$name', (golden) => {
  it('gives the logits of every token', async () => {
    const { model, prompt } = named(golden)
    const { top } = await engine['model.next']({ model, prompt, top: 1000, device: 'cpu' }, handlerTask())
    expect(top).toHaveLength(golden.logits.length)
    const size = largest(golden.logits)
    for (const { id, logit } of top) expectNear(logit, golden.logits[id] ?? NaN, size)
    const total = golden.logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    for (const { id, probability } of top) expectNear(probability, Math.exp(golden.logits[id] ?? NaN) / total, size)
    expect(top.map(({ logit }) => logit)).toEqual(top.map(({ logit }) => logit).sort((a, b) => b - a))
  })

  it('finds the same active latents at every position, with their values and the fit', async () => {
    const { positions, fvu } = await engine['sae.activations'](named(golden), handlerTask())
    const wanted = golden.activations
    expect(positions.map(({ active }) => active.map(({ latent }) => latent))).toEqual(
      wanted.positions.map(({ active }) => active.map(([latent]) => latent))
    )
    const size = largest(wanted.positions.flatMap(({ active }) => active.map(([, activation]) => activation)))
    positions.forEach(({ position, token, active, l0, fvu: own }, index) => {
      const there = wanted.positions[index]
      expect(position).toBe(index)
      expect(token.id).toBe(golden.ids[index])
      expect(l0).toBe(there?.active.length)
      active.forEach(({ activation }, place) => expectNear(activation, there?.active[place]?.[1] ?? NaN, size))
      expectNear(own, there?.fvu ?? NaN, there?.fvu ?? NaN)
    })
    expectNear(fvu, wanted.fvu, wanted.fvu)
  })

  it.each(golden.rankings)('ranks by $method with target $target, special tokens counted: $includeSpecial', async (wanted) => {
    const target = wanted.target === null ? null : { id: wanted.target }
    const { method, includeSpecial } = wanted
    const input = { ...named(golden), method, target, includeSpecial }
    const ranking = await engine['attribution.rank'](input, handlerTask())
    expectRanking(ranking, wanted)
    const latents = ranking.latents.map(({ latent, score }) => ({ latent, score }))
    const check = await engine['attribution.verify']({ ...input, latents }, handlerTask())
    const exact = new Map(wanted.latents.map(([latent, , effect]) => [latent, effect]))
    expect(check.effects.map(({ latent }) => latent)).toEqual(latents.map(({ latent }) => latent))
    for (const { latent, exactEffect } of check.effects) {
      expectNear(exactEffect, exact.get(latent) ?? NaN, Math.max(Math.abs(wanted.value), largest([...exact.values()])), EFFECT_TOLERANCE)
    }
  })

  it('generates the same text under every intervention, with its log-probabilities, KL and perplexity', async () => {
    const [baseline, ...steered] = golden.generations
    const found = [await compare(golden, steered.slice(0, 16)), await compare(golden, steered.slice(16))]
    const columns = [...(found[0]?.columns ?? []), ...(found[1]?.columns.slice(1) ?? [])]
    expect(columns).toHaveLength(golden.generations.length)
    expect(baseline?.interventions).toBeNull()
    golden.generations.forEach((wanted, index) => {
      const { tokens, scores, finished } = columns[index] ?? { tokens: [], scores: null, finished: null }
      expect({ interventions: wanted.interventions, ids: tokens.map(({ id }) => id) }).toEqual({
        interventions: wanted.interventions,
        ids: wanted.ids
      })
      expect(finished).toBe('length')
      const size = largest(golden.logits)
      wanted.logprobs.forEach((logprob, place) => expectNear(tokens[place]?.logprob, logprob, size))
      wanted.baselineLogprob.forEach((logprob, place) => expectNear(scores?.baselineLogprob[place], logprob, size))
      wanted.kl.forEach((kl, place) => expectNear(scores?.kl[place], kl, size))
      const perplexity = Math.exp(-wanted.baselineLogprob.reduce((sum, logprob) => sum + logprob, 0) / wanted.baselineLogprob.length)
      expectNear(scores?.perplexity, perplexity, perplexity * size)
    })
  })
})

function expectRanking(ranking: Ranking, wanted: GoldenRanking): void {
  const size = largest(wanted.pairs.map(([, , activation, gradient]) => activation * gradient))
  expect(ranking.target.id).toBe(wanted.id)
  expect(ranking.target.chosenBy).toBe(wanted.target === null ? 'greedy' : 'user')
  expectNear(ranking.target.value, wanted.value, Math.max(1, Math.abs(wanted.value)))
  expectNear(ranking.target.logit, wanted.logit, Math.max(1, Math.abs(wanted.logit)))
  expectNear(ranking.target.probability, wanted.probability, 1)

  const scores = new Map(wanted.latents.map(([latent, score]) => [latent, score]))
  expect(ranking.latents.map(({ latent }) => latent).sort((a, b) => a - b)).toEqual([...scores.keys()])
  const order = (score: number): number => (wanted.method === 'gradsae' ? score : Math.abs(score))
  ranking.latents.forEach(({ latent, score }, place) => {
    expectNear(score, scores.get(latent) ?? NaN, size)
    const next = ranking.latents[place + 1]
    if (next) expect(order(score)).toBeGreaterThanOrEqual(order(next.score))
  })

  const { position, latent, activation, gradient, score } = ranking.entries
  expect(Array.from(position, (at, entry) => [at, latent[entry]])).toEqual(wanted.pairs.map(([at, which]) => [at, which]))
  const gradients = largest(wanted.pairs.map(([, , , slope]) => slope))
  wanted.pairs.forEach(([, , z, slope, contribution], entry) => {
    expectNear(activation[entry], z, largest(wanted.pairs.map(([, , value]) => value)))
    expectNear(gradient[entry], slope, gradients)
    expectNear(score[entry], contribution, size)
  })

  const { total, latents, decoderBias, error, relativeGap } = ranking.identity
  const parts = [wanted.identity.latents, wanted.identity.decoderBias, wanted.identity.error]
  const whole = parts.reduce((sum, part) => sum + Math.abs(part), 0)
  expectNear(total, wanted.identity.total, whole)
  expectNear(latents, wanted.identity.latents, whole)
  expectNear(decoderBias, wanted.identity.decoderBias, whole)
  expectNear(error, wanted.identity.error, whole)
  expect(relativeGap).toBeLessThan(1e-5)
}

function compare(golden: GoldenCase, generations: readonly GoldenGeneration[]) {
  const recipes = generations.map(({ interventions, keepError }, index): Recipe => ({
    id: String(index),
    name: String(index),
    keepError,
    interventions: (interventions ?? []).map(([latent, mode, coefficient, positions]) => ({ latent, mode, coefficient, positions }))
  }))
  const maxTokens = generations[0]?.ids.length ?? 0
  const settings = { maxTokens, temperature: 0, topK: 0, topP: 1, seed: 1, stopAtEnd: true }
  return engine['steering.compare']({ ...named(golden), recipes, settings, target: null, score: true }, handlerTask())
}
