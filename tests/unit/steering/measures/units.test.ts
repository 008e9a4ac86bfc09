/** Units on the default model, beside plain runs, the norms of all rows, and the lines of the labels' file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { promptActivations, type Bench } from '../../../../src/main/attribution'
import { forwardResid, promptIds } from '../../../../src/main/models'
import { decoderNorms, measuredActivations, openLabels, type Labels } from '../../../../src/main/saes'
import { measureUnits } from '../../../../src/main/steering/measures/units'
import { DEFAULT_SAE, openTestBench } from '../../../support/benches'
import { failureOf } from '../../../support/failing'
import { DEFAULT_MODEL } from '../../../support/models'

const PROMPT = { text: 'Mia lost her red ball in the park. She felt very' }
const LATENTS = [1615, 577, 0]

let bench: Bench
let labels: Labels
beforeAll(async () => {
  bench = await openTestBench(DEFAULT_MODEL, DEFAULT_SAE)
  labels = await openLabels(bench.encoder.sae, null)
})

const norm = (vector: ArrayLike<number>): number => Math.hypot(...Array.from(vector))

describe('units on a prompt', () => {
  it('have the mean norm of the hook values of a plain run, specials left out', async () => {
    const ids = promptIds(bench.sessions.model, PROMPT)
    const { data } = await forwardResid(bench.sessions, ids, bench.hook)
    const width = data.length / ids.length
    const norms = ids.map((_, at) => norm(data.subarray(at * width, (at + 1) * width)))
    // The prompt begins with one special token, whose norm is of another order.
    expect(ids[0]).toBe(0)
    const expected = norms.slice(1).reduce((sum, each) => sum + each, 0) / (ids.length - 1)
    const { residualNorm, hook } = await measureUnits(bench, labels, { prompt: PROMPT, latents: [] })
    expect(hook).toBe('blocks.3.hook_resid_post')
    // The same float32 values, summed in float64 in two ways.
    expect(Math.abs(residualNorm - expected)).toBeLessThan(1e-9 * expected)
  })

  it('count all positions where there are only special ones', async () => {
    const { residualNorm } = await measureUnits(bench, labels, { prompt: { ids: [0, 0] }, latents: [] })
    expect(residualNorm).toBeGreaterThan(0)
  })

  it('have the largest activation at the last position', async () => {
    const { positions } = await promptActivations(bench, PROMPT)
    const { largest } = await measureUnits(bench, labels, { prompt: PROMPT, latents: [] })
    expect(largest).toBe(Math.max(...(positions.at(-1)?.active ?? []).map(({ activation }) => activation)))
  })

  it('have the norms of rows, and what the labels say of activations', async () => {
    const all = await decoderNorms(bench.encoder.sae)
    const lines = readFileSync(join(DEFAULT_SAE, 'latents.jsonl'), 'utf8').split('\n')
    const { latents } = await measureUnits(bench, labels, { prompt: PROMPT, latents: LATENTS })
    expect(latents.map(({ latent }) => latent)).toEqual(LATENTS)
    for (const { latent, rowNorm, max, typical, source } of latents) {
      // Norms of float32 rows, one of the two summed in float32: 192 roundings of 6e-8 at most.
      expect(Math.abs(rowNorm - (all[latent] ?? NaN))).toBeLessThan(1.2e-5 * rowNorm)
      const line = lines.find((each) => each.startsWith(`{"id":${latent},`)) ?? ''
      expect(String(max)).toBe(/"max":([\d.]+)/.exec(line)?.[1])
      expect(String(typical)).toBe(/"mean":([\d.]+)/.exec(line)?.[1])
      expect(source).toBe(
        'largest from the labels beside the weights; typical is the mean where it fires, from the labels beside the weights'
      )
    }
  })

  it('are refused for a latent that the SAE does not have', async () => {
    expect(await failureOf(() => measureUnits(bench, labels, { prompt: PROMPT, latents: [2048] }))).toContain('has no latent 2048')
  })
})

describe('activations as labels know them', () => {
  const of = (change: object) => ({ id: 3, ...change })
  const context = (acts: number[]) => ({ ids: acts.map(() => 1), acts, at: 0 })

  it('are nothing where nothing was measured', () => {
    expect(measuredActivations([], bench.encoder.sae, 2)).toEqual({ max: null, typical: null, source: '' })
  })

  it('fall back on contexts, and are divided by the norm where a source has folded it in', () => {
    const computed = { source: 'computed', folded: false, record: of({ max: 9, contexts: [context([0, 2, 4]), context([6])] }) }
    expect(measuredActivations([computed], bench.encoder.sae, 2)).toEqual({
      max: 9,
      typical: 4,
      source: 'largest from computed; typical is the mean where it fires in its strongest contexts, from computed'
    })
    const folded = { source: 'dashboard', folded: true, record: of({ max: 9, mean: 5 }) }
    expect(measuredActivations([folded, computed], bench.encoder.sae, 2)).toMatchObject({ max: 4.5, typical: 2.5 })
    const inThem = { ...bench.encoder.sae, gate: { kind: 'topk' as const, k: 4, byDecoderNorm: true } }
    expect(measuredActivations([folded], inThem, 2)).toMatchObject({ max: 9, typical: 5 })
  })
})
