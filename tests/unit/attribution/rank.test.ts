import { describe, expect, it } from 'vitest'
import {
  attributeBatch,
  checkRequest,
  promptActivations,
  rankLatents,
  targetRecord,
  type Attributed,
  type AttributionRequest,
  type Bench
} from '../../../src/main/attribution'
import { hookValues, openBench, suffixLogits } from '../../../src/main/attribution/bench'
import { identityOf } from '../../../src/main/attribution/identity'
import { tokenId } from '../../../src/main/attribution/target-tokens'
import { warningsOf } from '../../../src/main/attribution/warnings'
import { createModelSessions, openModel, widthOf } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { createEncoder, openSae } from '../../../src/main/saes'
import { Ranking, type RankingTarget } from '../../../src/shared/records/ranking'
import { quietTask } from '../../../src/shared/task'
import { openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { readTinyGolden, TINY_MODELS } from '../../support/models'
import { prepareRequest } from '../../support/prepared'
import { SAE_SPEC, writeSae, type SaeSpec } from '../../support/random-sae'

const [TINY = ''] = TINY_MODELS
const { ids } = readTinyGolden(TINY)
const BASE: AttributionRequest = { prompt: { ids }, method: 'attribution', target: null, includeSpecial: true }

const bench = async (spec: Partial<SaeSpec> = {}, hook: string | null = null): Promise<Bench> =>
  openTestBench(TINY, await writeSae(await temporaryFolder(), { ...SAE_SPEC, ...spec }), hook)

const rank = async (request: Partial<AttributionRequest> = {}, spec: Partial<SaeSpec> = {}): Promise<Ranking> =>
  rankLatents(await bench(spec), { ...BASE, ...request }, quietTask())

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)

describe('a ranking', () => {
  it('fits its record and says what it was made with', async () => {
    const ranking = Ranking.parse(await rank({ method: 'gradsae' }))
    expect(ranking).toMatchObject({
      method: 'gradsae',
      substitution: 'reconstruction',
      aggregation: 'mean-relu',
      exact: null,
      prompt: { ids }
    })
    expect(ranking.target).toMatchObject({ kind: 'probability', chosenBy: 'greedy', id: ranking.top[0]?.id })
    expect(ranking.target.value).toBeCloseTo(ranking.target.probability, 6)
    expect(ranking.provenance).toMatchObject({
      hook: 'blocks.1.hook_resid_post',
      device: { requested: 'cpu', used: 'cpu' },
      precision: 'float32',
      versions: { workbench: 'test' },
      model: { name: 'tiny-gpt2', family: 'gpt2', path: TINY },
      sae: { format: 'SAELens', architecture: 'standard', d_sae: 96 }
    })
    expect(ranking.top).toHaveLength(10)
    expect(ranking.modelTop).toHaveLength(10)
    expect(ranking.top).not.toEqual(ranking.modelTop)
  })

  it('leaves the untouched model out when it is not asked for, and changes nothing else', async () => {
    const whole = await rank({ method: 'gradsae' })
    const short = await rank({ method: 'gradsae', modelTop: false })
    expect(short.modelTop).toEqual([])
    expect(short.latents).toEqual(whole.latents)
    expect(short.top).toEqual(whole.top)
  })

  it('with the error term kept explains the model itself', async () => {
    const ranking = await rank()
    const golden = readTinyGolden(TINY)
    expect(ranking.top).toEqual(ranking.modelTop)
    ranking.top.forEach(({ id, logit }) => expect(logit).toBeCloseTo(golden.logits.at(-1)?.[id] ?? NaN, 4))
  })

  it('takes the chosen token instead of the greedy one', async () => {
    const ranking = await rank({ target: { id: 12 } })
    expect(ranking.target).toMatchObject({ id: 12, chosenBy: 'user' })
    // PyTorch's value for the same token (tests/fixtures/make/architectures/gpt2.py).
    expect(ranking.target.value).toBeCloseTo(readTinyGolden(TINY).logit.value, 4)
  })

  it.each(['gradsae', 'attribution'] as const)('by %s is the sum of its entries, best first', async (method) => {
    const { entries, latents, identity } = await rank({ method })
    for (const { latent, score, positions, signedSum, maxActivation, gradient } of latents) {
      const own = Array.from(entries.latent, (_, entry) => entry).filter((entry) => entries.latent[entry] === latent)
      const effects = own.map((entry) => (entries.activation[entry] ?? 0) * (entries.gradient[entry] ?? 0))
      // Entries are kept in float32.
      expect(sum(own.map((entry) => entries.score[entry] ?? 0))).toBeCloseTo(score, 5)
      expect(sum(effects)).toBeCloseTo(signedSum, 5)
      expect(score).toBeCloseTo(method === 'gradsae' ? sum(effects.map((effect) => Math.max(effect, 0))) / ids.length : signedSum, 5)
      expect(own).toHaveLength(positions)
      const strongest = own.reduce((a, b) => ((entries.activation[b] ?? 0) > (entries.activation[a] ?? 0) ? b : a))
      expect(entries.activation[strongest]).toBe(maxActivation)
      expect(entries.gradient[strongest]).toBe(Math.fround(gradient))
    }
    const keys = latents.map(({ score }) => (method === 'gradsae' ? score : Math.abs(score)))
    expect(keys).toEqual([...keys].sort((a, b) => b - a))
    const order = Array.from(entries.latent, (latent, entry) => (entries.position[entry] ?? 0) * 1000 + latent)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(sum(latents.map(({ signedSum }) => signedSum))).toBeCloseTo(identity.latents, 8)
  })

  it('leaves special tokens out of scores and means when asked to, and says so', async () => {
    const special = (await openModel(TINY)).tokenizer.specialIds
    const counted = ids.filter((id) => !special.has(id)).length
    expect(counted).toBeLessThan(ids.length)
    const [all, without] = [await rank({ method: 'gradsae' }), await rank({ method: 'gradsae', includeSpecial: false })]
    expect(without.includeSpecial).toBe(false)
    expect(without.warnings.join(' ')).toContain(
      `Special tokens were left out: scores and ablations cover ${counted} of ${ids.length} positions.`
    )
    without.entries.score.forEach((score, entry) => {
      const isSpecial = special.has(ids[without.entries.position[entry] ?? 0] ?? -1)
      expect(score).toBeCloseTo(isSpecial ? 0 : ((all.entries.score[entry] ?? 0) * ids.length) / counted, 7)
    })
    expect(without.identity).toEqual(all.identity)
  })

  it('warns of a poor SAE and of a missing BOS', async () => {
    const ranking = await rank()
    expect(ranking.fvu).toBeGreaterThan(1)
    expect(ranking.warnings.join(' ')).toContain('The reconstruction is worse than the mean (fraction of variance unexplained')
    const plain = await rank({ prompt: { ids: [9, 14, 3] } })
    expect(plain.warnings.join(' ')).toContain('trained on text that begins with a BOS token')
    expect(ranking.warnings.join(' ')).not.toContain('BOS')
  })

  it('warns of a saturated probability, of parts that do not add up and of a device that did not work', async () => {
    const opened = await bench()
    const [found] = await attributeBatch(opened, [checkRequest(opened.sessions.model, BASE)], quietTask())
    if (!found) throw new Error('one prompt has one attribution')
    const target = targetRecord(opened.sessions.model, found)
    const fine = { total: 1, latents: 1, decoderBias: 0, error: 0, relativeGap: 0 }
    const device = { requested: 'cpu', used: 'cpu', note: '' } as const
    const warn = (change: Partial<Attributed>, of: Partial<RankingTarget> = {}): string[] =>
      warningsOf(
        opened,
        { ...found, identity: fine, devices: [device], ...change },
        { ...target, kind: 'probability', probability: 0.5, ...of },
        0.1
      )
    expect(warn({})).toEqual([])
    expect(warn({}, { probability: 0.9987 })[0]).toContain("The target's probability is 0.9987. Near 1 its gradient vanishes")
    expect(warn({}, { probability: 0.9987 })[0]).toContain('the target "logit" does not saturate')
    expect(warn({}, { probability: 3e-7 })[0]).toContain("The target's probability is 3.0e-7. Near 0 its gradient vanishes")
    expect(warn({}, { probability: 0.9987, kind: 'log-probability' })[0]).toContain('the gradient of its logarithm vanishes')
    expect(warn({}, { probability: 0.9987, kind: 'logit' })).toEqual([])
    expect(warn({ completeness: { explained: 1, change: 2, gap: 1 } })[0]).toContain('miss 50 % of the change')
    expect(warn({ completeness: { explained: 1, change: 1.01, gap: 0.01 } })).toEqual([])
    expect(warn({ identity: { ...fine, relativeGap: 0.02 } })[0]).toContain('by 2.0e-2 of their size. Do not trust this ranking.')
    const fallback = { ...device, note: 'webgpu did not work (no adapter); the CPU is used' }
    expect(warn({ devices: [fallback, fallback] })).toEqual(['Device: webgpu did not work (no adapter); the CPU is used.'])
  })

  it('works at every hook point, the last included, where no attention is left', async () => {
    const { sessions } = await bench()
    for (const hook of sessions.model.architecture.hookPoints(sessions.model.config, sessions.model.rawConfig)) {
      const opened = await bench({ d_in: widthOf(sessions.model.config, hook) }, hook)
      const ranking = await rankLatents(opened, BASE, quietTask())
      expect(ranking.provenance.hook).toBe(hook)
      expect(ranking.identity.relativeGap).toBeLessThanOrEqual(1e-4)
    }
  })
})

describe('the identity', () => {
  it('fails when a latent is left out of the sum', async () => {
    const opened = await bench({ normalize: 'layer_norm' })
    const { active, own } = await prepareRequest(opened, BASE)
    const ranking = await rankLatents(opened, BASE, quietTask())
    const gradient = Float32Array.from(own.value, (_, index) => Math.sin(index))
    expect(identityOf(active, own.value, gradient, ranking.identity.latents).relativeGap).toBeGreaterThan(0.01)
  })
})

describe('activations', () => {
  it('are those of the ranking, position by position, with L0 and FVU', async () => {
    const opened = await bench({ architecture: 'topk' })
    const { positions, fvu } = await promptActivations(opened, { ids })
    const { entries, ...ranking } = await rankLatents(opened, BASE, quietTask())
    const pairs = positions.flatMap(({ position, active }) => active.map(({ latent, activation }) => [position, latent, activation]))
    expect(pairs).toEqual(Array.from(entries.latent, (latent, entry) => [entries.position[entry], latent, entries.activation[entry]]))
    expect(positions.map(({ l0, active }) => l0 - active.length)).toEqual(ids.map(() => 0))
    expect(sum(positions.map(({ l0 }) => l0)) / ids.length).toBeCloseTo(ranking.l0, 12)
    expect(fvu).toBe(ranking.fvu)

    const { value: x } = await hookValues(opened, ids)
    const { error } = (await prepareRequest(opened, BASE)).active
    const row = (at: number, of: Float32Array): number[] => [...of.subarray(at * 24, (at + 1) * 24)]
    const mean = row(0, x).map((_, j) => sum(ids.map((_, at) => row(at, x)[j] ?? 0)) / ids.length)
    const squares = (numbers: number[]): number => sum(numbers.map((number) => number ** 2))
    const [unexplained, variance] = [
      ids.map((_, at) => squares(row(at, error))),
      ids.map((_, at) => squares(row(at, x).map((value, j) => value - (mean[j] ?? 0))))
    ]
    positions.forEach((own, at) => expect(own.fvu).toBeCloseTo((unexplained[at] ?? 0) / (variance[at] ?? 1), 5))
    expect(fvu).toBeCloseTo(sum(unexplained.slice(1)) / sum(variance.slice(1)), 5)
  })
})

describe('what a person can get wrong', () => {
  const refusal = (request: Partial<AttributionRequest>): Promise<string> => failureOf(() => rank(request))

  it('in the prompt', async () => {
    expect(await refusal({ prompt: { text: '' } })).toBe('The prompt is empty. Type some text, or give token ids.')
    expect(await refusal({ prompt: { ids: [] } })).toContain('The prompt is empty.')
    expect(await refusal({ prompt: { ids: new Array<number>(65).fill(5) } })).toBe(
      "The prompt has 65 tokens, but the model's context holds 64. Shorten it by at least 1 tokens."
    )
    expect(await refusal({ prompt: { ids: [5, 56] } })).toBe('There is no token with the id 56. The vocabulary has the ids 0 to 55.')
    expect(await refusal({ prompt: { ids: [0] }, includeSpecial: false })).toBe(
      'The positions that count hold nothing but special tokens, and those are left out. Type some text, count special tokens, or count more positions.'
    )
  })

  it('in the target', async () => {
    expect(await refusal({ target: { id: -1 } })).toContain('There is no token with the id -1.')
    expect(await refusal({ target: { id: 56 } })).toContain('There is no token with the id 56.')
    expect(await refusal({ target: { text: '' } })).toBe(
      "The target is empty. Type a token, or leave it out to take the model's first choice."
    )
    const { model } = (await bench()).sessions
    const text = 'abc abc'
    const pieces = model.tokenizer.encodeRaw(text)
    expect(pieces.length).toBeGreaterThan(1)
    expect(await refusal({ target: { text } })).toMatch(
      new RegExp(
        `^The target "abc abc" is ${pieces.length} tokens for this model: ".+?", .+\\. Choose one of them, usually the first; a leading space often matters\\.$`
      )
    )
    const single = model.tokenizer.token(20).text
    expect(tokenId(model, { text: single })).toBe(model.tokenizer.encodeRaw(single)[0])
  })

  it('in the choice of the SAE and its hook point', async () => {
    expect(await failureOf(() => bench({ hook: null }))).toMatch(/^The SAE in .+ does not name its hook point\. Choose the hook point/)
    expect((await bench({ hook: null }, 'blocks.0.hook_resid_pre')).hook).toBe('blocks.0.hook_resid_pre')
    expect(await failureOf(() => bench({ hook: 'blocks.3.hook_resid_post' }))).toMatch(
      /^The model tiny-gpt2 has no hook point "blocks\.3\.hook_resid_post"\. Its hook points are: blocks\.0\.hook_resid_pre, /
    )
    expect(await failureOf(() => bench({ d_in: 16 }))).toMatch(
      /^The SAE .+ reads vectors of 16 numbers, but blocks\.1\.hook_resid_post of tiny-gpt2 has 24\. Choose an SAE that was trained on this model\.$/
    )
  })

  it('ends in a clear refusal when the numbers overflow', async () => {
    const sessions = createModelSessions(openSession, await openModel(TINY), 'cpu')
    const encoder = await createEncoder(openSession, await openSae(await writeSae(await temporaryFolder(), SAE_SPEC)), 'cpu')
    const opened = openBench({ openSession, sessions, encoder, hook: null, versions: {} })
    const values = new Float32Array(24).fill(NaN)
    expect(await failureOf(() => suffixLogits(opened, 1, values, null))).toContain(
      'numbers that are not finite while running the rest of the model'
    )
    const gradient = await opened.gradient({ reading: 'logit', frozen: { attention: false, norms: false }, direct: false })
    const terms = [{ row: 0, position: 0, id: null, weight: 1 }]
    expect(await failureOf(() => gradient.run({ batch: 1, positions: 1, values, beside: null, terms }))).toContain(
      'numbers that are not finite while taking the gradient'
    )
    await opened.release()
    await encoder.release()
    await sessions.release()
  })
})
