import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createModelSessions, forwardResid, nextLogits, openModel, topTokens, type ModelSessions } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'

const FOLDER = join(import.meta.dirname, '../../models/storyteller/model')
const Golden = z.array(
  z.object({
    prompt: z.string(),
    ids: z.array(z.number()),
    top10: z.array(z.object({ id: z.number(), token: z.string(), logit: z.number() })),
    resid_post_last_token_first8: z.array(z.array(z.number()))
  })
)
const golden = Golden.parse(JSON.parse(readFileSync(join(FOLDER, 'golden.json'), 'utf8')))

let sessions: ModelSessions
beforeAll(async () => {
  sessions = createModelSessions(openSession, await openModel(FOLDER), 'cpu')
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
