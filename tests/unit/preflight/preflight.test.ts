/** The default SAE on the default model, as it is and spoilt in one way after another: each cause is named, and its reading repairs it. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hookValues, suffixLogits } from '../../../src/main/attribution'
import { windowsOf } from '../../../src/main/preflight/windows'
import { openSession } from '../../../src/main/runtime'
import { createEncoder, decoderNorms, openSae } from '../../../src/main/saes'
import { DEFAULT_SAE, DEFAULT_SAES, openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL } from '../../support/models'
import { partsOf, preflightOf, SHORT_TEXT, spoiltSae } from '../../support/preflights'
import { changeTensor } from '../../support/spoil'

const HOOK = 'blocks.3.hook_resid_post'
const METADATA = { model_name: 'storyteller', prepend_bos: true }
const good = await preflightOf(DEFAULT_SAE)

describe('a pair that belongs together', () => {
  it('is found good by every check, and nothing is suggested', () => {
    expect([good.verdict, good.suggestion]).toEqual(['good', null])
    expect(good.checks.map(({ name, verdict }) => [name, verdict])).toEqual(
      ['shapes', 'fit', 'active latents', 'cross-entropy', 'decoder norms', 'gradient'].map((name) => [name, 'good'])
    )
    expect(good.l0).toBeCloseTo(24, 5)
    expect([good.reads, good.hook, good.nominalL0]).toEqual([HOOK, HOOK, 24])
  })

  it('fits as well as a sum over the same windows, written out here, says', async () => {
    const { sessions } = await partsOf(DEFAULT_SAE)
    const sae = await openSae(DEFAULT_SAE)
    const encoder = await createEncoder(openSession, sae, 'cpu')
    const cut = { sessions, hook: HOOK, reads: HOOK }
    const positions: { value: Float32Array; error: Float32Array }[] = []
    for (const ids of windowsOf(sessions.model, SHORT_TEXT, true)) {
      const { value } = await hookValues(cut, ids)
      const { error } = await encoder.encode(value, ids.length)
      for (let n = 1; n < ids.length; n++) {
        const part = (of: Float32Array): Float32Array => of.slice(n * sae.d_in, (n + 1) * sae.d_in)
        positions.push({ value: part(value), error: part(error) })
      }
    }
    await encoder.release()
    let [missed, spread] = [0, 0]
    for (let i = 0; i < sae.d_in; i++) {
      const mean = positions.reduce((sum, { value }) => sum + (value[i] ?? 0), 0) / positions.length
      for (const { value, error } of positions) {
        missed += (error[i] ?? 0) ** 2
        spread += ((value[i] ?? 0) - mean) ** 2
      }
    }
    // Both sum in float64; only the order differs.
    expect(good.fvu).toBeCloseTo(missed / spread, 9)
    expect(good.positions).toBe(positions.length)
  })

  it('costs what the whole model’s own logits say when nothing is written', async () => {
    const { sessions } = await partsOf(DEFAULT_SAE)
    const cut = { sessions, hook: HOOK, reads: HOOK }
    let [loss, count] = [0, 0]
    // One prefix of the text after another through the whole model: the last logits of each predict its next token.
    const [window = []] = windowsOf(sessions.model, SHORT_TEXT, true)
    const one = await preflightOf(DEFAULT_SAE, { text: sessions.model.tokenizer.decode(window.slice(1, 40)) })
    const [ids = []] = windowsOf(sessions.model, sessions.model.tokenizer.decode(window.slice(1, 40)), true)
    for (let n = 1; n < ids.length; n++) {
      const { value, beside } = await hookValues(cut, ids.slice(0, n))
      const [logits = new Float32Array()] = await suffixLogits(cut, 1, value, beside)
      const most = Math.max(...logits)
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)
      loss += most + Math.log(total) - (logits[ids[n] ?? -1] ?? NaN)
      count++
    }
    // Logits are float32 of size 10, good to about 1e-5; runs of other lengths sum in another order.
    expect(one.crossEntropy.model).toBeCloseTo(loss / count, 4)
    const { model, sae, ablated, recovered } = one.crossEntropy
    expect(recovered).toBeCloseTo((ablated - sae) / (ablated - model), 12)
    expect(model).toBeLessThan(ablated)
  })

  it('has decoder norms as they are stored', async () => {
    const norms = [...(await decoderNorms(await openSae(DEFAULT_SAE)))]
    expect(good.decoderNorms.max).toBeCloseTo(Math.max(...norms), 6)
    expect(good.decoderNorms.folded).toBe(norms.every((norm) => Math.abs(norm - 1) < 1e-3))
  })

  it('has slopes that agree with differences of whole runs taken with another step', async () => {
    expect(good.gradient.latents).toHaveLength(5)
    const bench = await openTestBench(DEFAULT_MODEL, DEFAULT_SAE)
    const ids = windowsOf(bench.sessions.model, SHORT_TEXT, true)[0]?.slice(0, 48) ?? []
    const own = await hookValues(bench, ids)
    const { latents, rows, d_out } = await bench.encoder.encode(own.input, ids.length)
    const [base = new Float32Array()] = await suffixLogits(bench, 1, own.value, own.beside)
    const target = base.indexOf(Math.max(...base))
    const checked = [...good.gradient.latents].sort((a, b) => Math.abs(b.analytic) - Math.abs(a.analytic))[0]
    const u = latents.indexOf(checked?.latent ?? -1)
    const at = (checked?.position ?? 0) * d_out
    // Fourth-order central difference with a step of 1 % of the hook value: float32 logits leave about 1e-5 / step.
    const step = 0.01 * Math.hypot(...own.value.subarray(at, at + d_out))
    const shifted = async (h: number): Promise<number> => {
      const moved = own.value.slice()
      for (let i = 0; i < d_out; i++) moved[at + i] = (moved[at + i] ?? 0) + h * (rows[u * d_out + i] ?? 0)
      const [logits] = await suffixLogits(bench, 1, moved, own.beside)
      return logits?.[target] ?? NaN
    }
    const [a, b, c, d] = [await shifted(-2 * step), await shifted(-step), await shifted(step), await shifted(2 * step)]
    const slope = (a - 8 * b + 8 * c - d) / (12 * step)
    expect(Math.abs(slope - (checked?.analytic ?? NaN))).toBeLessThan(0.02 * Math.abs(slope) + 1e-4)
    expect(good.gradient.worst).toBeLessThan(0.02)
  })
})

describe('an SAE read wrongly is told by its cause, and the reading repairs it', () => {
  const repaired = (fvu: number | undefined): void => expect(fvu).toBeCloseTo(good.fvu, 3)

  it('b_dec is not subtracted', async () => {
    const found = await preflightOf(await spoiltSae({ apply_b_dec_to_input: false }))
    expect(found.suggestion?.words).toBe('b_dec is subtracted before the encoder')
    expect(found.suggestion?.reading).toEqual({ subtractDecoderBias: true })
    repaired(found.suggestion?.fvu)
    expect((await preflightOf(DEFAULT_SAE, { reading: { subtractDecoderBias: false } })).fvu).toBeCloseTo(found.fvu, 6)
  })

  it('another hook point', async () => {
    const hook_name = 'blocks.4.hook_resid_post'
    const found = await preflightOf(await spoiltSae({ hook_name, metadata: { ...METADATA, hook_name } }))
    expect(found.suggestion?.words).toBe(`It was trained at ${HOOK}`)
    expect(found.suggestion?.reading).toEqual({ hook: HOOK })
    repaired(found.suggestion?.fvu)
  })

  it('no hook point at all', async () => {
    const found = await preflightOf(await spoiltSae({ hook_name: undefined, hook_layer: undefined, metadata: METADATA }))
    expect(found.hook).toBe(HOOK)
    expect(found.suggestion?.words).toBe(`Its files name no hook point; it describes ${HOOK} best`)
    expect(found.suggestion?.reading).toEqual({ hook: HOOK })
    repaired(found.fvu)
  })

  it('a scale that its files do not hold, or do not mention', async () => {
    const { sessions } = await partsOf(DEFAULT_SAE)
    const lengths: number[] = []
    for (const ids of windowsOf(sessions.model, SHORT_TEXT, true)) {
      const { value } = await hookValues({ sessions, hook: HOOK, reads: HOOK }, ids)
      for (let n = 1; n < ids.length; n++) lengths.push(Math.hypot(...value.subarray(n * 192, (n + 1) * 192)))
    }
    const scale = (Math.sqrt(192) * lengths.length) / lengths.reduce((sum, length) => sum + length, 0)
    // The same SAE as if trained on scaled activations: f stays, everything that meets the stream is scaled.
    const folder = await spoiltSae({ normalize_activations: 'expected_average_only_in' })
    const weights = join(folder, 'sae_weights.safetensors')
    await changeTensor(weights, 'W_enc', (value) => value / scale)
    await changeTensor(weights, 'W_dec', (value) => value * scale)
    await changeTensor(weights, 'b_dec', (value) => value * scale)
    const found = await preflightOf(folder)
    expect(found.suggestion?.words).toBe(
      `Its scale, which its files do not hold, is estimated as ${found.suggestion?.reading.scale?.toPrecision(4)}`
    )
    expect(found.suggestion?.reading.scale).toBeCloseTo(scale, 5)
    repaired(found.fvu)
    expect(await failureOf(async () => createEncoder(openSession, await openSae(folder), 'cpu'))).toBe(
      `The SAE in ${folder} was trained on scaled activations, and its files do not hold the scale. Run the preflight, which estimates it; or give it (reading: scale), or add activation_scaler.json.`
    )
  })
})

it('an SAE of another model is bad, and no reading is said to help', async () => {
  const folder = await spoiltSae({})
  // The same sizes, but directions that have nothing to do with this model: every row of the decoder is moved on by a third.
  await changeTensor(join(folder, 'sae_weights.safetensors'), 'W_dec', (value, i) => value * Math.sin(i * i))
  await changeTensor(join(folder, 'sae_weights.safetensors'), 'W_enc', (value, i) => value * Math.sin(i * i + 1))
  const found = await preflightOf(folder)
  expect([found.verdict, found.suggestion]).toEqual(['bad', null])
  expect(found.words).toContain('No other reading that was tried helps: it probably belongs to another model or hook point.')
  expect(found.tried.length).toBeGreaterThan(8)
})

it('an SAE of a neighbouring block fits passably, and the list of readings shows where it fits best', async () => {
  const found = await preflightOf(join(DEFAULT_SAES, 'blocks.4.hook_resid_post-topk-2048'), { hook: HOOK })
  const [best] = [...found.tried].sort((a, b) => a.fvu - b.fvu)
  expect(best?.reading).toEqual({ hook: 'blocks.4.hook_resid_post' })
  expect(best?.fvu).toBeLessThan(found.fvu)
})

it('a text that is too short is refused', async () => {
  expect(await failureOf(() => preflightOf(DEFAULT_SAE, { text: 'Once upon a time' }))).toMatch(
    /^The text for the preflight has only \d+ tokens; at least 16 are needed\. Give a longer text: about 400 words make the numbers steady\.$/
  )
})
