import { describe, expect, it } from 'vitest'
import { rankLatents, verifyLatents, type AttributionRequest, type Bench } from '../../../src/main/attribution'
import { suffixLogits } from '../../../src/main/attribution/bench'
import { Cancelled } from '../../../src/shared/errors'
import { quietTask } from '../../../src/shared/task'
import { openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { readTinyGolden, TINY_MODELS } from '../../support/models'
import { prepareRequest } from '../../support/prepared'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

const [TINY = ''] = TINY_MODELS
const { ids } = readTinyGolden(TINY)
const BASE: AttributionRequest = { prompt: { ids }, method: 'attribution', target: null, includeSpecial: true }

const bench = async (): Promise<Bench> => openTestBench(TINY, await writeSae(await temporaryFolder(), SAE_SPEC), null)

describe('the exact check', () => {
  it('streams every effect, reports progress and correlates with the scores', async () => {
    const opened = await bench()
    const ranking = await rankLatents(opened, BASE, quietTask())
    const estimates = ranking.latents.slice(0, 12).map(({ latent, score }) => ({ latent, score }))
    const [streamed, stages] = [new Array<number>(), new Array<string>()]
    const task = { ...quietTask(), progress: (stage: string, done: number, total: number) => stages.push(`${stage} ${done}/${total}`) }
    const exact = await verifyLatents(opened, BASE, estimates, task, (effects) => streamed.push(...effects.map(({ latent }) => latent)))
    // Those that act late in the prompt come first: their runs are the shortest.
    expect([...streamed].sort((a, b) => a - b)).toEqual(estimates.map(({ latent }) => latent).sort((a, b) => a - b))
    expect(exact.effects.map(({ latent }) => latent)).toEqual(estimates.map(({ latent }) => latent))
    expect(exact.effects.map(({ score }) => score)).toEqual(estimates.map(({ score }) => score))
    expect([stages[0], stages.at(-1)]).toEqual(['Ablating 0/12', 'Ablating 12/12'])
    expect(exact.spearman).toBeGreaterThan(0.5)
    expect(exact.pearson).toBeGreaterThan(0.5)
  })

  it('finds no effect at all for a latent that is not active', async () => {
    const opened = await bench()
    const { active } = await prepareRequest(opened, BASE)
    const silent = Array.from({ length: 96 }, (_, latent) => latent).find((latent) => !active.latents.includes(latent)) ?? -1
    const { effects } = await verifyLatents(opened, BASE, [{ latent: silent, score: 0 }], quietTask(), () => undefined)
    expect(effects).toEqual([{ latent: silent, score: 0, exactEffect: 0 }])
  })

  it('leaves special tokens alone when they do not count', async () => {
    const opened = await bench()
    const request = { ...BASE, includeSpecial: false, target: { id: 12 } }
    const { active, own, counted } = await prepareRequest(opened, request)
    const U = active.latents.length
    const u =
      Array.from({ length: U }, (_, index) => index).find((index) => (active.Z[index] ?? 0) > 0 && (active.Z[3 * U + index] ?? 0) > 0) ?? 0
    const values = Float32Array.from(own.value, (value, index) => {
      const position = Math.floor(index / 24)
      return counted[position] ? value - (active.Z[position * U + u] ?? 0) * (active.rows[u * 24 + (index % 24)] ?? 0) : value
    })
    const [before] = await suffixLogits(opened, 1, own.value, null)
    const [after] = await suffixLogits(opened, 1, values, null)
    const { effects } = await verifyLatents(opened, request, [{ latent: active.latents[u] ?? -1, score: 0 }], quietTask(), () => undefined)
    expect(effects[0]?.exactEffect).toBeCloseTo((before?.[12] ?? NaN) - (after?.[12] ?? NaN), 5)
  })

  it('is cancelled between batches', async () => {
    const opened = await bench()
    const controller = new AbortController()
    const task = { signal: controller.signal, progress: () => controller.abort() }
    await expect(verifyLatents(opened, BASE, [{ latent: 1, score: 0 }], task, () => undefined)).rejects.toBeInstanceOf(Cancelled)
    await expect(rankLatents(opened, BASE, task)).rejects.toBeInstanceOf(Cancelled)
  })

  it('refuses a latent that does not exist', async () => {
    const opened = await bench()
    const verify = (): Promise<unknown> => verifyLatents(opened, BASE, [{ latent: 96, score: 0 }], quietTask(), () => undefined)
    expect(await failureOf(verify)).toContain('has no latent 96. Its latents are numbered 0 to 95.')
  })
})
