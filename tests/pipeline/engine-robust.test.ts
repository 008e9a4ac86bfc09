/** What must hold when calls meet each other, files change, and numbers lie at their limits. */
import { cp, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Cancelled } from '../../src/shared/errors'
import { handlerTask, openEngine } from '../support/engine'
import { failureOf } from '../support/failing'
import { temporaryFolder } from '../support/folder'
import { GOLDEN_CASES } from '../support/golden-cases'
import { changeTensor } from '../support/spoil'

const SETTINGS = { maxTokens: 4, temperature: 0, topK: 0, topP: 1, seed: 1, stopAtEnd: true }

function caseAt(index: number) {
  const golden = GOLDEN_CASES[index]
  if (golden === undefined) throw new Error(`there is no golden case ${index}`)
  const { model, sae, hook, ids } = golden
  const bench = { model, sae, hook, device: 'cpu' as const, prompt: { ids } }
  return {
    golden,
    bench,
    rank: { ...bench, method: 'gradsae' as const, target: null, includeSpecial: true },
    compare: { ...bench, recipes: [], settings: SETTINGS, target: null, score: true }
  }
}
const LLAMA = GOLDEN_CASES.findIndex(({ name }) => name.startsWith('llama-tied-f16 with sae-00'))
const GPT2 = GOLDEN_CASES.findIndex(({ name }) => name.startsWith('gpt2-prefixed'))

describe('calls that meet each other', () => {
  it('on two models, an SAE and two kinds of work answer as they do alone', async () => {
    const engine = openEngine()
    const [a, b] = [caseAt(LLAMA), caseAt(GPT2)]
    const answers = async () => {
      const rounds = [a, b, a, b].map(async ({ rank, compare, bench, golden }) => {
        const work = [
          Promise.resolve(engine['attribution.rank'](rank, handlerTask())),
          Promise.resolve(engine['steering.compare'](compare, handlerTask())),
          Promise.resolve(engine['sae.activations'](bench, handlerTask())),
          Promise.resolve(engine['model.next']({ model: golden.model, prompt: bench.prompt, top: 5, device: 'cpu' }, handlerTask()))
        ] as const
        const [ranking, comparison, activations, next] = await Promise.all(work)
        return {
          scores: ranking.latents.map(({ latent, score }) => [latent, score]),
          texts: comparison.columns.map(({ tokens }) => tokens.map(({ id }) => id)),
          fvu: activations.fvu,
          next: next.top.map(({ id }) => id)
        }
      })
      return Promise.all(rounds)
    }
    const [first, second, third, fourth] = await answers()
    expect(third).toEqual(first)
    expect(fourth).toEqual(second)
    expect(first?.scores).toHaveLength(a.golden.rankings[0]?.latents.length ?? NaN)
    expect(second?.scores).toHaveLength(b.golden.rankings[0]?.latents.length ?? NaN)
    expect(first?.texts[0]).toEqual(a.golden.generations[0]?.ids.slice(0, SETTINGS.maxTokens))
  })

  it('one that fails or is cancelled leaves the others alone', async () => {
    const engine = openEngine()
    const { rank, compare } = caseAt(LLAMA)
    const cancelled = new AbortController()
    const long = engine['steering.compare']({ ...compare, settings: { ...SETTINGS, maxTokens: 20 } }, handlerTask(cancelled.signal))
    const refused = failureOf(() => engine['attribution.rank']({ ...rank, target: { id: 999 } }, handlerTask()))
    const good = engine['attribution.rank'](rank, handlerTask())
    cancelled.abort()
    await expect(long).rejects.toBeInstanceOf(Cancelled)
    expect(await refused).toBe('There is no token with the id 999. The vocabulary has the ids 0 to 52.')
    expect((await good).latents.length).toBeGreaterThan(0)
  })
})

describe('files that change between calls', () => {
  it('are noticed: a replaced SAE and a replaced model give their own numbers', async () => {
    const engine = openEngine()
    const { golden, rank } = caseAt(LLAMA)
    const model = join(await temporaryFolder(), 'model')
    await cp(golden.model, model, { recursive: true })
    const sae = join(model, 'sae-00-standard')
    const input = { ...rank, model, sae }
    const before = await engine['attribution.rank'](input, handlerTask())

    await changeTensor(join(sae, 'sae_weights.safetensors'), 'b_enc', (value) => value - 1)
    const withSae = await engine['attribution.rank'](input, handlerTask())
    expect(withSae.provenance.sae.hash).not.toBe(before.provenance.sae.hash)
    expect(withSae.entries.latent.length).toBeLessThan(before.entries.latent.length)

    await changeTensor(join(model, 'model.safetensors'), 'model.norm.weight', (value) => value * 2)
    const withModel = await engine['attribution.rank'](input, handlerTask())
    expect(withModel.provenance.model.hash).not.toBe(before.provenance.model.hash)
    expect(Math.abs((withModel.target.logit - 2 * withSae.target.logit) / withModel.target.logit)).toBeLessThan(1e-3)

    // The same size at a later time is another file, too.
    const later = new Date(Date.now() + 5000)
    await utimes(join(model, 'model.safetensors'), later, later)
    expect((await engine['attribution.rank'](input, handlerTask())).target.logit).toBe(withModel.target.logit)
  })
})

describe('limits', () => {
  const engine = openEngine()

  it('an SAE that is silent on the prompt gives an empty ranking whose identity holds', async () => {
    const { golden, rank, bench, compare } = caseAt(LLAMA)
    const sae = join(await temporaryFolder(), 'silent')
    await cp(golden.sae, sae, { recursive: true })
    await changeTensor(join(sae, 'sae_weights.safetensors'), 'b_enc', () => -1e4)
    for (const method of ['gradsae', 'attribution'] as const) {
      const ranking = await engine['attribution.rank']({ ...rank, sae, method }, handlerTask())
      expect(ranking.latents).toEqual([])
      expect(ranking.identity.latents).toBe(0)
      expect(ranking.identity.relativeGap).toBeLessThan(1e-5)
      const check = await engine['attribution.verify']({ ...rank, sae, method, latents: [{ latent: 3, score: 0 }] }, handlerTask())
      expect(check).toEqual({ effects: [{ latent: 3, score: 0, exactEffect: 0 }], pearson: null, spearman: null })
    }
    const { positions } = await engine['sae.activations']({ ...bench, sae }, handlerTask())
    expect(positions.every(({ active, l0 }) => active.length === 0 && l0 === 0)).toBe(true)
    const set = {
      id: 'a',
      name: 'a',
      keepError: true,
      interventions: [{ latent: 3, mode: 'ablate' as const, coefficient: 0, positions: 'all' as const }]
    }
    const { columns } = await engine['steering.compare']({ ...compare, sae, recipes: [set] }, handlerTask())
    expect(columns[1]?.tokens.map(({ id }) => id)).toEqual(columns[0]?.tokens.map(({ id }) => id))
  })

  it('a TopK SAE whose k exceeds the positive pre-activations keeps only those', async () => {
    const { golden, bench } = caseAt(GPT2)
    const sae = join(await temporaryFolder(), 'sparse')
    await cp(golden.sae, sae, { recursive: true })
    await changeTensor(join(sae, 'sae_weights.safetensors'), 'b_enc', (value, index) => (index === 7 ? 1e3 : -1e4))
    const { positions } = await engine['sae.activations']({ ...bench, sae }, handlerTask())
    expect(positions.map(({ active }) => active.map(({ latent }) => latent))).toEqual(golden.ids.map(() => [7]))
  })

  it('a prompt of one token, and one that fills the context, are ranked; one more token is refused', async () => {
    const { rank } = caseAt(GPT2)
    for (const length of [1, 24]) {
      const ids = Array.from({ length }, (_, place) => (place * 7) % 59)
      const ranking = await engine['attribution.rank']({ ...rank, prompt: { ids } }, handlerTask())
      expect(ranking.tokens).toHaveLength(length)
      expect(ranking.identity.relativeGap).toBeLessThan(1e-5)
      // One position has no distance from its own mean; the fit is still a number that JSON can hold.
      expect(Number.isFinite(ranking.fvu)).toBe(true)
    }
    const ids = new Array<number>(25).fill(1)
    expect(await failureOf(() => engine['attribution.rank']({ ...rank, prompt: { ids } }, handlerTask()))).toBe(
      "The prompt has 25 tokens, but the model's context holds 24. Shorten it by at least 1 tokens."
    )
  })

  it('text is generated up to the last place of the context, and not beyond', async () => {
    const { golden, compare } = caseAt(GPT2)
    const room = 24 - golden.ids.length
    const settings = { ...SETTINGS, maxTokens: room }
    const { columns } = await engine['steering.compare']({ ...compare, settings }, handlerTask())
    expect(columns[0]?.tokens).toHaveLength(room)
    expect(columns[0]?.scores?.baselineLogprob.every(Number.isFinite)).toBe(true)
    expect(
      await failureOf(() => engine['steering.compare']({ ...compare, settings: { ...settings, maxTokens: room + 1 } }, handlerTask()))
    ).toBe(
      `The prompt has 5 tokens and ${room + 1} more are to be generated, but the model's context holds 24. Generate at most ${room} tokens, or shorten the prompt.`
    )
  })

  it('latents that are not active have no effect when they are ablated, and latents that do not exist are refused', async () => {
    const { rank } = caseAt(GPT2)
    const ranking = await engine['attribution.rank'](rank, handlerTask())
    const active = new Set(ranking.latents.map(({ latent }) => latent))
    const all = Array.from({ length: 37 }, (_, latent) => ({ latent, score: 0 }))
    const { effects } = await engine['attribution.verify']({ ...rank, latents: all }, handlerTask())
    expect(effects.filter(({ exactEffect }) => exactEffect !== 0).every(({ latent }) => active.has(latent))).toBe(true)
    expect(effects).toHaveLength(37)
    expect(await failureOf(() => engine['attribution.verify']({ ...rank, latents: [{ latent: 37, score: 0 }] }, handlerTask()))).toBe(
      'The SAE sae-06-topk has no latent 37. Its latents are numbered 0 to 36.'
    )
  })

  it('more next tokens than the vocabulary holds are all of them', async () => {
    const { golden, bench } = caseAt(GPT2)
    const { top } = await engine['model.next']({ model: golden.model, prompt: bench.prompt, top: 1000, device: 'cpu' }, handlerTask())
    expect(new Set(top.map(({ id }) => id)).size).toBe(59)
    expect(top.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
  })

  it('a device that is not there is replaced by the processor, and the result says so', async () => {
    const { rank, compare } = caseAt(GPT2)
    const ranking = await engine['attribution.rank']({ ...rank, device: 'cuda' }, handlerTask())
    if (ranking.provenance.device.used === 'cuda') return
    expect(ranking.provenance.device).toEqual({ requested: 'cuda', used: 'cpu' })
    expect(ranking.warnings.join('\n')).toMatch(/Device: cuda did not work \(.*\); the CPU is used\./)
    const comparison = await engine['steering.compare']({ ...compare, device: 'cuda' }, handlerTask())
    expect(comparison.provenance.device).toEqual({ requested: 'cuda', used: 'cpu' })
  })
})
