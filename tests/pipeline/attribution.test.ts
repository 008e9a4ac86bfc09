/** Attribution on the default model against the numbers that PyTorch computed (models/storyteller/recipe/golden.py). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { rankLatents, verifyLatents, type Bench } from '../../src/main/attribution'
import type { Ranking } from '../../src/shared/records/ranking'
import { quietTask } from '../../src/shared/task'
import { DEFAULT_SAE, openTestBench } from '../support/benches'
import { DEFAULT_MODEL } from '../support/models'

const Token = z.object({ id: z.number(), token: z.string() })
const Golden = z.object({
  prompts: z.array(
    z.object({
      prompt: z.string(),
      ids: z.array(z.number()),
      active_latents: z.number(),
      paper: z.object({ target: Token, probability: z.number(), top20: z.array(z.tuple([z.number(), z.number()])) }),
      error_term: z.object({
        target: Token,
        logit: z.number(),
        top20: z.array(z.object({ latent: z.number(), attribution: z.number(), logit_change_when_ablated: z.number() }))
      })
    })
  )
})
const golden = Golden.parse(JSON.parse(readFileSync(join(DEFAULT_MODEL, '../eval/golden_gradsae.json'), 'utf8')))

/** Required of every score that is compared with PyTorch's; both sides compute in float32. */
const SCORE_TOLERANCE = 0.005
const EFFECT_TOLERANCE = 0.01
const IDENTITY_TOLERANCE = 1e-4

let bench: Bench
beforeAll(async () => {
  bench = await openTestBench(DEFAULT_MODEL, DEFAULT_SAE)
})

const request = (prompt: string, method: Ranking['method']) => ({ prompt: { text: prompt }, method, target: null, includeSpecial: true })

/** The listed latents in the same order, save that neighbours whose golden scores are equal within the tolerance may change places. */
function expectSameOrder(ranking: Ranking, expected: readonly { latent: number; score: number }[]): void {
  expected.forEach(({ latent, score }, place) => {
    const found = ranking.latents[place]
    expect(found).toBeDefined()
    const tied = expected.filter((other) => Math.abs(Math.abs(other.score) - Math.abs(score)) <= SCORE_TOLERANCE * Math.abs(score))
    expect(tied.map((other) => other.latent)).toContain(found?.latent)
    const own = ranking.latents.find((candidate) => candidate.latent === latent)
    expect(Math.abs((own?.score ?? NaN) - score)).toBeLessThanOrEqual(SCORE_TOLERANCE * Math.abs(score))
  })
}

describe.each(golden.prompts)('on "$prompt"', ({ prompt, ids, active_latents, paper, error_term }) => {
  it('gradsae ranks the same 20 latents as the authors’ rule in PyTorch', async () => {
    const ranking = await rankLatents(bench, request(prompt, 'gradsae'), quietTask())
    expect(ranking.tokens.map(({ id }) => id)).toEqual(ids)
    expect(ranking.latents).toHaveLength(active_latents)
    expect(ranking.target.id).toBe(paper.target.id)
    expect(ranking.target.value).toBeCloseTo(paper.probability, 4)
    expect(ranking.target.probability).toBeCloseTo(paper.probability, 4)
    expectSameOrder(
      ranking,
      paper.top20.map(([latent, score]) => ({ latent, score }))
    )
    expect(ranking.identity.relativeGap).toBeLessThanOrEqual(IDENTITY_TOLERANCE)
  })

  it('attribution ranks the same 20 latents, and zeroing each changes the logit as in PyTorch', async () => {
    const ranking = await rankLatents(bench, request(prompt, 'attribution'), quietTask())
    expect(ranking.target.id).toBe(error_term.target.id)
    expect(Math.abs(ranking.target.value - error_term.logit)).toBeLessThan(1e-3)
    expectSameOrder(
      ranking,
      error_term.top20.map(({ latent, attribution }) => ({ latent, score: attribution }))
    )
    expect(ranking.identity.relativeGap).toBeLessThanOrEqual(IDENTITY_TOLERANCE)

    const estimates = ranking.latents.slice(0, 20).map(({ latent, score }) => ({ latent, score }))
    const streamed: number[] = []
    const exact = await verifyLatents(bench, request(prompt, 'attribution'), estimates, quietTask(), (effects) => {
      streamed.push(...effects.map(({ latent }) => latent))
    })
    // They come batch by batch, those that act late in the prompt first; the answer has them as they were asked for.
    const asked = estimates.map(({ latent }) => latent)
    expect([...streamed].sort((a, b) => a - b)).toEqual([...asked].sort((a, b) => a - b))
    expect(exact.effects.map(({ latent }) => latent)).toEqual(asked)
    for (const { latent, logit_change_when_ablated } of error_term.top20) {
      const effect = exact.effects.find((candidate) => candidate.latent === latent)?.exactEffect ?? NaN
      // 1e-4: rounding of a logit near 10 in float32 through three blocks, for effects that happen to be near 0.
      expect(Math.abs(effect + logit_change_when_ablated)).toBeLessThanOrEqual(
        EFFECT_TOLERANCE * Math.abs(logit_change_when_ablated) + 1e-4
      )
    }
  })
})
