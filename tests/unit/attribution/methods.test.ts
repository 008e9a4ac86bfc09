/** What each method promises, on random small models of two architectures and on the default model. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rankLatents, verifyLatents, type AttributionRequest, type Bench } from '../../../src/main/attribution'
import { suffixLogits } from '../../../src/main/attribution/bench'
import { valueOf } from '../../../src/main/attribution/value'
import { decode } from '../../../src/main/saes'
import { Aggregation, type Ranking } from '../../../src/shared/records/ranking'
import { quietTask } from '../../../src/shared/task'
import { DEFAULT_SAES, openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { DEFAULT_MODEL, readTinyGolden, TINY_MODELS } from '../../support/models'
import { prepareRequest } from '../../support/prepared'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

/** Of the issue: an exact ablation is a plain forward pass with the latent zeroed, in the target's unit (logits of order 10 here). */
const EXACT = 1e-4

interface Subject {
  readonly bench: Bench
  readonly ids: readonly number[]
  /** As many tokens, some of them others. */
  readonly other: readonly number[]
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map(removeFolder)))

async function tiny(model: string): Promise<Subject> {
  const { ids } = readTinyGolden(model)
  const folder = await temporaryFolderForFile()
  folders.push(folder)
  const sae = await writeSae(folder, { ...SAE_SPEC, architecture: 'topk', normalize: 'layer_norm' })
  return { bench: await openTestBench(model, sae), ids, other: ids.map((id, at) => (at % 2 === 1 ? (id + 7) % 40 : id)) }
}

async function storyteller(layer: 3 | 4): Promise<Subject> {
  const bench = await openTestBench(DEFAULT_MODEL, join(DEFAULT_SAES, `blocks.${layer}.hook_resid_post-topk-2048`))
  const { tokenizer } = bench.sessions.model
  const [ids = [], other = []] = ['lost', 'found'].map((verb) => tokenizer.encode(`Mia ${verb} her red ball in the park. She felt very`))
  return { bench, ids, other }
}

const SUBJECTS: readonly [string, () => Promise<Subject>][] = [
  ...TINY_MODELS.map((model): [string, () => Promise<Subject>] => [model.replace(/.*\//, ''), () => tiny(model)]),
  ['the default model, layer 3', () => storyteller(3)],
  ['the default model, layer 4', () => storyteller(4)]
]

describe.each(SUBJECTS)('on %s', (_, open) => {
  let subject: Subject
  beforeAll(async () => {
    subject = await open()
  })

  const request = (change: Partial<AttributionRequest>): AttributionRequest => ({
    prompt: { ids: [...subject.ids] },
    method: 'attribution',
    target: null,
    includeSpecial: true,
    modelTop: false,
    ...change
  })
  const rank = (change: Partial<AttributionRequest>): Promise<Ranking> => rankLatents(subject.bench, request(change), quietTask())
  const scores = ({ latents }: Ranking): Map<number, number> => new Map(latents.map(({ latent, score }) => [latent, score]))

  it('the gap of integrated gradients falls as steps grow, from zero and from a counterfactual', async () => {
    for (const counterfactual of [null, { ids: [...subject.other] }]) {
      const gaps: number[] = []
      for (const steps of [1, 4, 16, 64]) {
        const { completeness } = await rank({ method: 'integrated-gradients', steps, counterfactual })
        if (!completeness) throw new Error('a path has its completeness')
        gaps.push(Math.abs(completeness.gap) / Math.max(1, Math.abs(completeness.change)))
      }
      const [one = NaN, , , many = NaN] = gaps
      for (const [at, gap] of gaps.slice(1).entries()) expect(gap).toBeLessThan(gaps[at] ?? NaN)
      // Midpoints: the error falls with 1/steps² once the steps see what happens on the path, so 64 of them leave little of one's.
      expect(many).toBeLessThan(one / 20)
    }
  })

  it('paired patching of identical prompts is zero everywhere', async () => {
    for (const method of ['counterfactual', 'integrated-gradients'] as const) {
      const same = { ids: [...subject.ids] }
      const ranking = await rank({ method, counterfactual: same })
      expect(ranking.latents.length).toBeGreaterThan(0)
      expect(ranking.latents.every(({ score }) => score === 0)).toBe(true)
      expect(ranking.errorEffects.every((effect) => effect === 0)).toBe(true)
      expect(ranking.completeness).toEqual({ explained: 0, change: 0, gap: 0 })
      const latents = ranking.latents.slice(0, 3).map(({ latent, score }) => ({ latent, score }))
      const { effects } = await verifyLatents(
        subject.bench,
        request({ method, counterfactual: same }),
        latents,
        quietTask(),
        () => undefined
      )
      expect(effects.map(({ exactEffect }) => Math.abs(exactEffect)).every((effect) => effect <= EXACT)).toBe(true)
    }
  })

  it.each(['reconstruction', 'reconstruction+error'] as const)(
    'exact effects with the %s are those of plain passes with the latent zeroed',
    async (substitution) => {
      const { bench } = subject
      const ranking = await rank({ method: 'exact', substitution })
      const { active, own, target, plan } = await prepareRequest(bench, request({ method: 'exact', substitution }))
      const U = active.latents.length
      const valueAt = async (zeroed: number): Promise<number> => {
        const written = decode(
          active,
          active.Z.map((z, at) => (active.latents[at % U] === zeroed ? 0 : z))
        )
        const values = substitution === 'reconstruction' ? written : written.map((y, at) => y + (active.error[at] ?? 0))
        const [logits = new Float32Array()] = await suffixLogits(bench, 1, values, own.beside)
        return valueOf(target.reading, plan.terms, [logits], [ranking.target.id])
      }
      const before = await valueAt(-1)
      expect(Math.abs(ranking.target.value - before)).toBeLessThanOrEqual(EXACT)
      const { latents } = ranking
      for (const { latent, score } of [...latents.slice(0, 4), ...latents.slice(-2)]) {
        expect(Math.abs(score - (before - (await valueAt(latent))))).toBeLessThanOrEqual(EXACT)
      }
      expect([...latents].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).map(({ latent }) => latent)).toEqual(
        latents.map(({ latent }) => latent)
      )
    }
  )

  it('the exact check of the exact method finds its own scores again', async () => {
    const ranking = await rank({ method: 'exact', targetKind: 'cross-entropy' })
    const latents = ranking.latents.slice(0, 5).map(({ latent, score }) => ({ latent, score }))
    const asked = request({ method: 'exact', targetKind: 'cross-entropy' })
    const { effects } = await verifyLatents(subject.bench, asked, latents, quietTask(), () => undefined)
    for (const { score, exactEffect } of effects) expect(Math.abs(score - exactEffect)).toBeLessThanOrEqual(EXACT)
  })

  it('the mean and the largest activation are those of the ranking’s own columns', async () => {
    const [mean, largest] = [await rank({ method: 'mean-activation' }), await rank({ method: 'max-activation' })]
    // Scores are float64 sums of float32 activations.
    for (const { score, meanActivation } of mean.latents) expect(score).toBeCloseTo(meanActivation, 6)
    for (const { score, maxActivation } of largest.latents) expect(score).toBe(maxActivation)
    expect(mean.latents.map(({ score }) => score)).toEqual([...scores(mean).values()].sort((a, b) => b - a))
  })

  it('the random order is the same for the same seed, another for another, and covers the same latents', async () => {
    const [first, again, other] = [
      await rank({ method: 'random' }),
      await rank({ method: 'random', seed: 0 }),
      await rank({ method: 'random', seed: 1 })
    ]
    expect(again.latents).toEqual(first.latents)
    expect(other.latents.map(({ latent }) => latent)).not.toEqual(first.latents.map(({ latent }) => latent))
    expect([...scores(other).keys()].sort()).toEqual([...scores(first).keys()].sort())
    expect(first.seed).toBe(0)
    expect(other.seed).toBe(1)
  })

  it('sign rules are what they say of one set of contributions', async () => {
    const signed = await rank({})
    const contributions = new Map<number, number[]>()
    signed.entries.latent.forEach((latent, at) => {
      contributions.set(latent, [...(contributions.get(latent) ?? []), signed.entries.score[at] ?? 0])
    })
    const N = subject.ids.length
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
    const rules = {
      'mean-relu': (c: number[]) => sum(c.map((one) => Math.max(0, one))) / N,
      'absolute-sum': (c: number[]) => sum(c.map(Math.abs)),
      mean: (c: number[]) => sum(c) / N,
      max: (c: number[]) => Math.max(...c)
    }
    for (const [aggregation, rule] of Object.entries(rules)) {
      const ranking = await rank({ aggregation: Aggregation.parse(aggregation) })
      // The columns hold contributions in float32.
      for (const { latent, score } of ranking.latents) expect(score).toBeCloseTo(rule(contributions.get(latent) ?? []), 4)
    }
  })

  it('a counterfactual of another length, a missing one and one that changes nothing are refused', async () => {
    const { ids } = subject
    expect(await failureOf(() => rank({ method: 'counterfactual' }))).toContain(
      'The method Counterfactual needs a counterfactual prompt, whose activations are patched in.'
    )
    expect(await failureOf(() => rank({ method: 'counterfactual', counterfactual: { ids: ids.slice(1) } }))).toContain(
      `The prompt has ${ids.length} tokens and the counterfactual ${ids.length - 1}: patching goes token by token.`
    )
    expect(await failureOf(() => rank({ method: 'gradsae', counterfactual: { ids: [...ids] } }))).toContain(
      'The method GradSAE does not patch to another prompt: the counterfactual would change nothing.'
    )
    expect(await failureOf(() => rank({ scope: { kind: 'range', from: 0, to: ids.length } }))).toContain(`${ids.length}`)
  })
})
