import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forwardResid, promptIds } from '../../../../src/main/models'
import { decode } from '../../../../src/main/saes'
import { outputScores, OUTPUT_SCORE } from '../../../../src/main/steering/measures/output-score'
import { promotedTokens } from '../../../../src/main/steering/measures/promoted'
import { readRows, readSafetensors } from '../../../../src/main/tensors/safetensors'
import { quietTask } from '../../../../src/shared/task'
import { failureOf } from '../../../support/failing'
import { logprobOf, plainLogits } from '../../../support/plain-chain'
import { openStoryteller, STEERING_SUBJECTS, type SteeringSubject } from '../../../support/steering'

/** Log-probabilities by two ways to the same float32 numbers: a few 1e-6; the edit is large, and so are its sums. */
const SAME = 1e-4
const LATENTS = [1615, 577, 0, 402, 2047]

describe('the output score', () => {
  let subject: SteeringSubject
  beforeAll(async () => {
    subject = await openStoryteller()
  })
  afterAll(() => subject.release())

  it('takes what the paper takes', () => {
    expect(OUTPUT_SCORE).toEqual({ prompt: 'From my experience,', factor: 10, promoted: 20 })
  })

  it('is that of a plain pass with the edit made by hand', async () => {
    const { sessions } = subject.bench
    const found = await outputScores(sessions, subject.sae, LATENTS, quietTask())
    const ids = promptIds(sessions.model, { text: 'From my experience,' })
    const value = (await forwardResid(sessions, ids, subject.sae.hook)).data
    const width = value.length / ids.length
    // The last position encoded alone.
    const { Z } = await subject.sae.encoder.encode(value.slice(-width), 1)
    const step = 10 * Math.max(...Z)
    const { n_layers, d_vocab } = sessions.model.config
    const final = `blocks.${n_layers - 1}.hook_resid_post`
    for (const latent of LATENTS) {
      const row = await readRows(await readSafetensors(subject.saeFile), 'W_dec', [latent])
      // T: the model's last piece on the row itself, in a pass in which it takes the place of the stream.
      const [lens = new Float32Array()] = await plainLogits(sessions, ids.slice(0, 1), [
        { hook: final, change: (values) => values.set(row) }
      ])
      const tokens = [...lens.keys()].sort((a, b) => (lens[b] ?? 0) - (lens[a] ?? 0)).slice(0, 20)
      const all = await plainLogits(sessions, ids, [
        {
          hook: subject.sae.hook,
          change: (values) =>
            row.forEach((number, i) => (values[values.length - width + i] = (values[values.length - width + i] ?? 0) + step * number))
        }
      ])
      const logits = all.at(-1) ?? new Float32Array()
      const order = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0))
      const rank = Math.min(...tokens.map((id) => order.indexOf(id)))
      const probability = Math.max(...tokens.map((id) => Math.exp(logprobOf(logits, id))))
      const own = found.get(latent)
      expect(own?.rank, `latent ${latent}`).toBe(rank)
      expect(Math.abs(Math.log((own?.probability ?? NaN) / probability))).toBeLessThan(SAME)
      expect(Math.abs((own?.score ?? NaN) - (1 - rank / d_vocab) * probability)).toBeLessThan(SAME)
    }
    const scores = [...found.values()].map(({ score }) => score)
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
    expect(new Set(scores).size).toBe(LATENTS.length)
  })

  it('raises the activation itself where the SAE normalises each token', async () => {
    const normed = STEERING_SUBJECTS.find(({ name }) => name.includes('layer_norm'))
    const tiny = await normed?.open()
    if (!tiny) throw new Error('there is an SAE that normalises')
    const { sessions } = tiny.bench
    const { encoder, hook } = tiny.sae
    const ids = promptIds(sessions.model, { text: 'From my experience,' })
    const value = (await forwardResid(sessions, ids, hook)).data
    const active = await encoder.encode(value, ids.length)
    const width = active.latents.length
    const last = (ids.length - 1) * width
    const largest = Math.max(...active.Z.subarray(last, last + width))
    expect(active.tokenScale.at(-1)).not.toBe(1)
    const tested = [...active.latents].slice(0, 3)
    const found = await outputScores(sessions, tiny.sae, tested, quietTask(), { ...OUTPUT_SCORE, promoted: 5 })
    for (const [u, latent] of tested.entries()) {
      const raised = Float32Array.from(active.Z)
      raised[last + u] = (raised[last + u] ?? 0) + 10 * largest
      // The reconstruction of the raised activations with the error added back.
      const edited = decode(active, raised).map((y, i) => y + (active.error[i] ?? 0))
      const logits = (await plainLogits(sessions, ids, [{ hook, change: (values) => values.set(edited) }])).at(-1) ?? new Float32Array()
      const tokens = (await promotedTokens(sessions, tiny.sae, [latent], 5)).get(latent) ?? []
      const probability = Math.max(...tokens.map((id) => Math.exp(logprobOf(logits, id))))
      expect(Math.abs(Math.log((found.get(latent)?.probability ?? NaN) / probability)), `latent ${latent}`).toBeLessThan(SAME)
    }
    await tiny.release()
  })

  it('is the same for a latent alone and among others', async () => {
    const [together, alone] = [
      await outputScores(subject.bench.sessions, subject.sae, LATENTS, quietTask()),
      await outputScores(subject.bench.sessions, subject.sae, [577], quietTask())
    ]
    expect(Math.abs((together.get(577)?.score ?? NaN) - (alone.get(577)?.score ?? NaN))).toBeLessThan(SAME)
  })

  it('is refused for a latent that is none', async () => {
    expect(await failureOf(() => outputScores(subject.bench.sessions, subject.sae, [4096], quietTask()))).toMatch(/4096/)
  })
})
