/** Every method, with every target, sign rule, scope and substitution, against PyTorch in float64 (tests/fixtures/make/torch_methods.py). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { rankLatents, verifyLatents } from '../../../src/main/attribution'
import { AttributeInput } from '../../../src/shared/contract/engine'
import { Ranking } from '../../../src/shared/records/ranking'
import { quietTask } from '../../../src/shared/task'
import { openTestBench } from '../../support/benches'

const FIXTURES = join(import.meta.dirname, '../../fixtures')

const Pairs = z.array(z.tuple([z.number(), z.number()]))
const Golden = z.object({
  model: z.string(),
  sae: z.string(),
  hook: z.string(),
  ids: z.array(z.number()),
  rankings: z.array(
    z.object({
      request: AttributeInput.omit({ model: true, sae: true, hook: true, device: true, prompt: true }),
      value: z.number(),
      scores: Pairs,
      errorEffects: z.array(z.number()).default([]),
      /** True changes when a latent is given the counterfactual's activations. */
      effects: Pairs.nullable().default(null),
      completeness: z.object({ explained: z.number(), change: z.number() }).nullable().default(null)
    })
  )
})
const CASES = readdirSync(join(FIXTURES, 'methods')).map((file) => {
  const golden = Golden.parse(JSON.parse(readFileSync(join(FIXTURES, 'methods', file), 'utf8')))
  return { ...golden, name: file.replace('.json', '') }
})

/**
 * float32 here against float64 there, relative to the largest number of its kind, or to the target's value where a number is a difference of
 * two of them: measured 4.4e-6 at most.
 */
const BOUND = 3e-5

function expectClose(found: readonly number[], wanted: readonly number[], size: number, what: string): void {
  expect(found, what).toHaveLength(wanted.length)
  const gap = Math.max(0, ...wanted.map((number, i) => Math.abs(number - (found[i] ?? NaN))))
  expect(gap / size, what).toBeLessThanOrEqual(BOUND)
}

const byLatent = (rows: readonly (readonly [number, number])[]): number[] =>
  [...rows].sort((a, b) => a[0] - b[0]).map(([, number]) => number)
const largest = (numbers: readonly number[]): number => Math.max(...numbers.map(Math.abs))

describe.each(CASES)('on $name', ({ model, sae, hook, ids, rankings }) => {
  const named = rankings.map((golden) => ({ ...golden, name: `${golden.request.method} of ${golden.request.targetKind ?? ''}` }))
  it.each(named)('$name is what PyTorch computes', async ({ request, value, scores, errorEffects, effects, completeness }) => {
    const bench = await openTestBench(join(FIXTURES, 'gradsae', model), join(FIXTURES, 'gradsae', model, sae), hook)
    const asked = { ...request, prompt: { ids } }
    const ranking = Ranking.parse(await rankLatents(bench, asked, quietTask()))
    const size = largest(scores.map(([, score]) => score))
    expect(Math.abs(ranking.target.value - value)).toBeLessThanOrEqual(BOUND * Math.max(1, Math.abs(value)))
    expect(ranking.latents.map(({ latent }) => latent).sort((a, b) => a - b)).toEqual(scores.map(([latent]) => latent))
    expectClose(byLatent(ranking.latents.map(({ latent, score }) => [latent, score])), byLatent(scores), size, 'scores')
    expectClose(ranking.errorEffects, errorEffects, Math.max(size, largest(errorEffects)), 'error effects')
    expect(ranking.completeness === null).toBe(completeness === null)
    if (completeness && ranking.completeness) {
      const { explained, change, gap } = ranking.completeness
      expectClose(
        [explained, change],
        [completeness.explained, completeness.change],
        Math.max(size, Math.abs(completeness.change), Math.abs(value)),
        'sums'
      )
      expect(gap).toBe(change - explained)
    }
    if (effects === null) return
    const estimates = effects.map(([latent]) => ({ latent, score: 0 }))
    const check = await verifyLatents(bench, asked, estimates, quietTask(), () => undefined)
    const found = check.effects.map(({ exactEffect }) => exactEffect)
    expectClose(found, byLatent(effects), Math.max(size, largest(byLatent(effects))), 'effects')
  })
})
