import { readFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createModelSessions, forwardResid, nextLogits, openModel, topTokens, type ModelSessions } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import type { OpenSession } from '../../src/main/runtime/types'
import { readSafetensors, readTensor } from '../../src/main/tensors/safetensors'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'
import { failureOf } from '../support/failing'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL, TINY_MODELS } from '../support/models'

const Golden = z.array(
  z.object({
    prompt: z.string(),
    ids: z.array(z.number()),
    top10: z.array(z.object({ id: z.number(), token: z.string(), logit: z.number() })),
    resid_post_last_token_first8: z.array(z.array(z.number()))
  })
)
const golden = Golden.parse(JSON.parse(readFileSync(join(DEFAULT_MODEL, 'golden.json'), 'utf8')))

let sessions: ModelSessions
beforeAll(async () => {
  sessions = createModelSessions(openSession, await openModel(DEFAULT_MODEL), 'cpu')
})
afterAll(() => sessions.release())

// The golden numbers were computed by PyTorch in float32 from the same float16 weights. Every float16 number is a float32 number,
// so the cast loses nothing and only the order of the sums differs; 1e-3 is the bound that the default model promises.
const BOUND = 1e-3

describe('the default model', () => {
  it('gives the golden logits and the same ten likeliest tokens', async () => {
    for (const { prompt, ids, top10 } of golden) {
      expect(sessions.model.tokenizer.encode(prompt)).toEqual(ids)
      const top = topTokens(await nextLogits(sessions, ids), 10)
      expect(top.map(({ id }) => id)).toEqual(top10.map(({ id }) => id))
      expect(top.map(({ id }) => sessions.model.tokenizer.token(id).text)).toEqual(top10.map(({ token }) => token))
      for (const [rank, { logit }] of top.entries()) expect(Math.abs(logit - (top10[rank]?.logit ?? NaN))).toBeLessThan(BOUND)
    }
  })

  it('gives the golden residual stream after every block', async () => {
    for (const { ids, resid_post_last_token_first8 } of golden) {
      for (const [layer, expected] of resid_post_last_token_first8.entries()) {
        const resid = await forwardResid(sessions, ids, `blocks.${layer}.hook_resid_post`)
        const last = resid.data.subarray((ids.length - 1) * sessions.model.config.d_model)
        for (const [i, value] of expected.entries()) expect(Math.abs((last[i] ?? NaN) - value)).toBeLessThan(BOUND)
      }
    }
  })
})

describe('the sessions of a model', () => {
  const [tiny = ''] = TINY_MODELS
  const before = { from: 'tokens', to: 'blocks.1.hook_resid_pre', cache: false }

  it('load a segment once, however often and under whichever of its names it is asked for, and again after a release', async () => {
    let loads = 0
    const counting: OpenSession = (graph, options) => {
      loads++
      return openSession(graph, options)
    }
    const own = createModelSessions(counting, await openModel(tiny), 'cpu')
    const [first, second, third] = await Promise.all([
      own.segment(before),
      own.segment(before),
      own.segment({ ...before, to: 'blocks.0.hook_resid_post' })
    ])
    expect([second, third]).toEqual([first, first])
    expect(loads).toBe(1)
    expect(own.device()).toMatchObject({ requested: 'cpu', used: 'cpu' })
    await own.release()
    await own.segment(before)
    expect(loads).toBe(2)
    await own.release()
  })

  it('try again after a load that failed', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(tiny, folder, { recursive: true })
    const model = await openModel(folder)
    const own = createModelSessions(openSession, { ...model, folder: join(folder, 'gone') }, 'cpu')
    expect(await failureOf(() => own.segment(before))).toMatch(/^The inference runtime failed while loading the model gradsae-test-/)
    await cp(tiny, join(folder, 'gone'), { recursive: true })
    await own.segment(before)
    await own.release()
  })

  it('refuse numbers that are not finite', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(tiny, folder, { recursive: true })
    const file = await readSafetensors(join(folder, 'model.safetensors'))
    const tensors: Record<string, TensorToWrite> = {}
    for (const { name, dtype, shape } of file.tensors.values()) {
      if (dtype === 'F32') tensors[name] = { dtype, shape, data: await readTensor(file, name) }
    }
    tensors['transformer.ln_f.weight'] = { dtype: 'F32', shape: [24], data: new Float32Array(24).fill(Infinity) }
    await writeSafetensors(join(folder, 'model.safetensors'), tensors)
    const own = createModelSessions(openSession, await openModel(folder), 'cpu')
    expect(await failureOf(() => nextLogits(own, [0, 1, 2]))).toBe(
      'The model produced numbers that are not finite while reading the prompt. Use a smaller coefficient, or run on the CPU.'
    )
    await own.release()
  })
})
