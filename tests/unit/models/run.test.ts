import { describe, expect, it } from 'vitest'
import { canonicalHook, checkHook, logSumExp, openModel, promptIds, topTokens } from '../../../src/main/models'
import { failureOf } from '../../support/failing'
import { TINY_MODELS } from '../../support/models'

const model = await openModel(TINY_MODELS[0] ?? '')

describe('a prompt', () => {
  it('as text gets BOS from the tokenizer; as ids it is taken as it is', () => {
    expect(promptIds(model, { text: 'the cat' })[0]).toBe(0)
    expect(promptIds(model, { ids: [5, 6] })).toEqual([5, 6])
  })

  it('that cannot be run is refused with its own text', async () => {
    const empty = 'The prompt is empty. Type some text, or give token ids.'
    expect(await failureOf(() => promptIds(model, { text: '' }))).toBe(empty)
    expect(await failureOf(() => promptIds(model, { ids: [] }))).toBe(empty)
    expect(await failureOf(() => promptIds(model, { ids: new Array<number>(72).fill(1) }))).toBe(
      "The prompt has 72 tokens, but the model's context holds 64. Shorten it by at least 8 tokens."
    )
    for (const id of [56, -1, 1.5]) {
      expect(await failureOf(() => promptIds(model, { ids: [1, id] }))).toBe(`There is no token with the id ${id}. The vocabulary has the ids 0 to 55.`)
    }
  })
})

describe('hook points', () => {
  it('before a block and after the one before it are one place', () => {
    expect(canonicalHook('blocks.12.hook_resid_pre')).toBe('blocks.11.hook_resid_post')
    expect(canonicalHook('blocks.0.hook_resid_pre')).toBe('blocks.0.hook_resid_pre')
    expect(canonicalHook('blocks.3.hook_resid_mid')).toBe('blocks.3.hook_resid_mid')
  })

  it('that the model does not have are refused, listing those it has', async () => {
    expect(checkHook(model, 'blocks.2.hook_resid_mid')).toBe('blocks.2.hook_resid_mid')
    expect(await failureOf(() => checkHook(model, 'blocks.3.hook_resid_pre'))).toMatch(
      /^The model tiny-gpt2 has no hook point "blocks\.3\.hook_resid_pre"\. Its hook points are: blocks\.0\.hook_resid_pre, .*blocks\.2\.hook_resid_post\.$/
    )
  })
})

describe('the likeliest tokens', () => {
  it('come in order, equal ones by id, with probabilities under the softmax of all', () => {
    const logits = Float32Array.of(1, 3, 2, 3, -1)
    const top = topTokens(logits, 3)
    expect(top.map(({ id }) => id)).toEqual([1, 3, 2])
    const sum = [...logits].reduce((total, logit) => total + Math.exp(logit), 0)
    for (const { logit, probability } of top) expect(probability).toBeCloseTo(Math.exp(logit) / sum, 14)
    expect(topTokens(logits, 99)).toHaveLength(5)
  })

  it('have probabilities that neither overflow nor vanish at large logits', () => {
    const top = topTokens(Float32Array.of(1e4, 1e4, -1e4), 3)
    // Numbers near 1e4 are spaced 2e-12 apart in float64, so that much of each probability is rounding.
    for (const rank of [0, 1]) expect(top[rank]?.probability).toBeCloseTo(0.5, 10)
    expect(top[2]?.probability).toBe(0)
    expect(logSumExp([-1e5, -1e5])).toBeCloseTo(-1e5 + Math.log(2), 8)
  })
})
