/** Several prompts attributed at once come to what each comes to alone: other lengths, targets and counterfactuals beside it change nothing. */
import { afterAll, describe, expect, it } from 'vitest'
import { attributeBatch, checkRequest, targetRecord, type AttributionRequest, type Bench } from '../../../src/main/attribution'
import { Cancelled } from '../../../src/shared/errors'
import { quietTask, type Task } from '../../../src/shared/task'
import { openTestBench } from '../../support/benches'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { TINY_MODELS } from '../../support/models'
import { randomFrom } from '../../support/random-numbers'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

/** float32 rounds otherwise in other batch sizes: measured 1.1e-6 of the largest number. */
const BOUND = 1e-5

const folders: string[] = []
afterAll(() => Promise.all(folders.map(removeFolder)))

async function open(model: string, hook: string): Promise<Bench> {
  const folder = await temporaryFolderForFile()
  folders.push(folder)
  return openTestBench(model, await writeSae(folder, { ...SAE_SPEC, hook, normalize: 'constant_norm_rescale' }))
}

const PROMPTS = [[0, 7, 12, 33, 4], [0, 9], [0, 5, 6, 7, 8, 9, 10, 11], [21]]
const ONE = { target: { id: 17 } }
const VARIANTS: readonly (Partial<AttributionRequest> & { method: AttributionRequest['method'] })[] = [
  { method: 'gradsae', target: null },
  { method: 'attribution', targetKind: 'continuation', target: { continuation: { ids: [3, 4, 5] } } },
  { method: 'attribution', ...ONE, frozen: { attention: true, norms: true }, scope: { kind: 'last' } },
  { method: 'counterfactual', ...ONE },
  { method: 'integrated-gradients', ...ONE, steps: 3, targetKind: 'log-probability' },
  { method: 'direct-logit', targetKind: 'logit-difference', target: { plus: [{ id: 3 }], minus: [{ id: 4 }, { id: 5 }] } },
  { method: 'exact', ...ONE },
  { method: 'mean-activation', ...ONE },
  { method: 'random', ...ONE, seed: 3 }
]

const requestsOf = (change: (typeof VARIANTS)[number]): AttributionRequest[] =>
  PROMPTS.map((ids) => ({
    prompt: { ids },
    target: null,
    includeSpecial: true,
    ...(change.method === 'counterfactual' ? { counterfactual: { ids: ids.map((id) => (id * 3 + 1) % 40) } } : {}),
    ...change
  }))

const gap = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  if (found.length !== wanted.length) return Infinity
  const [a, b] = [Array.from(found), Array.from(wanted)]
  const size = Math.max(1e-9, ...b.map(Math.abs))
  return Math.max(0, ...b.map((number, i) => Math.abs(number - (a[i] ?? NaN)))) / size
}

/** Each request attributed among the others as it is alone. */
async function expectAsAlone(bench: Bench, requests: readonly AttributionRequest[]): Promise<void> {
  const { model } = bench.sessions
  const checked = requests.map((request) => checkRequest(model, request))
  const together = await attributeBatch(bench, checked, quietTask(), { completeness: true })
  expect(together).toHaveLength(requests.length)
  for (const [at, one] of checked.entries()) {
    const [alone] = await attributeBatch(bench, [one], quietTask(), { completeness: true })
    const found = together[at]
    if (!alone || !found) throw new Error('every prompt is attributed')
    // Latents of the other prompts cost nothing here.
    expect(found.prepared.active.latents).toEqual(alone.prepared.active.latents)
    const scores = (of: typeof alone): number[] => [...of.latents].sort((a, b) => a.latent - b.latent).map(({ score }) => score)
    expect([...found.latents].map(({ latent }) => latent).sort()).toEqual([...alone.latents].map(({ latent }) => latent).sort())
    expect(gap(scores(found), scores(alone))).toBeLessThanOrEqual(BOUND)
    expect(found.ids).toEqual(alone.ids)
    const [target, own] = [targetRecord(model, found), targetRecord(model, alone)]
    expect(
      gap([target.value, ...target.terms.map(({ logit }) => logit)], [own.value, ...own.terms.map(({ logit }) => logit)])
    ).toBeLessThanOrEqual(BOUND)
    expect(found.scores.entries.position).toEqual(alone.scores.entries.position)
    expect(found.scores.entries.latent).toEqual(alone.scores.entries.latent)
    expect(gap(found.scores.entries.gradient, alone.scores.entries.gradient)).toBeLessThanOrEqual(BOUND)
    expect(gap(found.errorEffects ?? [], alone.errorEffects ?? [])).toBeLessThanOrEqual(BOUND)
    expect(found.completeness === null).toBe(alone.completeness === null)
  }
}

const HOOKS = ['blocks.1.hook_resid_post', 'blocks.0.hook_mlp_out']
describe.each(TINY_MODELS.map((model, i) => ({ name: model.replace(/.*\//, ''), model, hook: HOOKS[i] ?? '' })))(
  'on $name at $hook',
  (of) => {
    it.each(VARIANTS)('$method', async (variant) => {
      await expectAsAlone(await open(of.model, of.hook), requestsOf(variant))
    })
  }
)

it('more positions than are encoded at once', async () => {
  const bench = await open(TINY_MODELS[0] ?? '', 'blocks.1.hook_resid_post')
  const random = randomFrom(5)
  const text = (length: number): number[] => Array.from({ length }, () => random.below(40))
  // With counterfactuals 290 positions: 60 + 40 are encoded together, then 80 + 40, then 70.
  const requests = [30, 20, 40, 20, 35].map((length): AttributionRequest => ({
    prompt: { ids: text(length) },
    counterfactual: { ids: text(length) },
    method: 'counterfactual',
    ...ONE,
    includeSpecial: true
  }))
  await expectAsAlone(bench, requests)
})

it('is cancelled between runs', async () => {
  const bench = await open(TINY_MODELS[0] ?? '', 'blocks.1.hook_resid_post')
  const stop = new AbortController()
  const stages: string[] = []
  const task: Task = {
    signal: stop.signal,
    progress(stage) {
      stages.push(stage)
      if (stage === 'Following the path') stop.abort()
    }
  }
  const checked = requestsOf({ method: 'integrated-gradients', ...ONE }).map((request) => checkRequest(bench.sessions.model, request))
  await expect(attributeBatch(bench, checked, task)).rejects.toThrow(Cancelled)
  expect(stages.filter((stage) => stage === 'Following the path')).toHaveLength(1)
})
