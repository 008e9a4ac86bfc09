/** What a person can ask that has no answer is refused before anything is run, with the reason and the way out. */
import { expect, it } from 'vitest'
import { checkRequest, type AttributionRequest } from '../../../src/main/attribution'
import { openModel } from '../../../src/main/models'
import { failureOf } from '../../support/failing'
import { TINY_MODELS } from '../../support/models'

const IDS = [0, 7, 12, 33, 4]
const SAME = { ids: [...IDS] }
const LAST = IDS.length - 1

const CASES: readonly [string, Partial<AttributionRequest>, string][] = [
  [
    'a pair for a target of one token',
    { targetKind: 'logit', target: { plus: [{ id: 1 }], minus: [{ id: 2 }] } },
    'The target "logit" takes one token, or none for the greedy one.'
  ],
  [
    'one token for a target of two sides',
    { targetKind: 'logit-difference', target: { id: 1 } },
    'The target "logit-difference" takes tokens for both sides.'
  ],
  ['no continuation for a continuation', { targetKind: 'continuation' }, 'the text that follows the prompt'],
  ['a token for a span', { targetKind: 'cross-entropy', target: { id: 1 } }, 'a span of the prompt, or none for all of it'],
  ['an empty continuation', { targetKind: 'continuation', target: { continuation: { ids: [] } } }, 'empty'],
  [
    'a token on both sides',
    { targetKind: 'logit-difference', target: { plus: [{ id: 1 }, { id: 2 }], minus: [{ id: 2 }] } },
    'The token "b" stands on both sides of the logit difference, where it cancels.'
  ],
  ['a position behind the prompt', { position: IDS.length }, `There is no position ${IDS.length}: the last one of this prompt is ${LAST}.`],
  [
    'a scope that ends behind the prompt',
    { scope: { kind: 'range', from: 2, to: IDS.length } },
    `There is no position ${IDS.length}: the last one of this prompt is ${LAST}.`
  ],
  [
    'a span behind the prompt',
    { targetKind: 'cross-entropy', target: { from: 1, to: IDS.length } },
    `The span 1 to ${IDS.length} does not lie in this prompt`
  ],
  [
    'a span that ends before it begins',
    { targetKind: 'cross-entropy', target: { from: 3, to: 2 } },
    'The span 3 to 2 does not lie in this prompt'
  ],
  [
    'a scope of special tokens that do not count',
    { scope: { kind: 'range', from: 0, to: 0 }, includeSpecial: false },
    'The positions that count hold nothing but special tokens, and those are left out.'
  ],
  [
    'a missing counterfactual',
    { method: 'counterfactual' },
    'The method Counterfactual needs a counterfactual prompt, whose activations are patched in.'
  ],
  [
    'a counterfactual without use',
    { counterfactual: SAME },
    'The method GradSAE does not patch to another prompt: the counterfactual would change nothing.'
  ],
  [
    'a counterfactual of another length',
    { method: 'counterfactual', counterfactual: { ids: IDS.slice(1) } },
    `The prompt has ${IDS.length} tokens and the counterfactual ${LAST}: patching goes token by token.`
  ]
]

it.each(CASES)('%s is refused', async (_, change, text) => {
  const model = await openModel(TINY_MODELS[0] ?? '')
  const request = { prompt: { ids: IDS }, method: 'gradsae' as const, target: null, includeSpecial: true, ...change }
  expect(await failureOf(() => Promise.resolve().then(() => checkRequest(model, request)))).toContain(text)
})

it('a counterfactual runs before the same continuation, and the last position is the prompt’s own', async () => {
  const model = await openModel(TINY_MODELS[0] ?? '')
  const { plan, other, counted } = checkRequest(model, {
    prompt: { ids: IDS },
    counterfactual: { ids: [0, 1, 2, 3, 5] },
    method: 'counterfactual',
    targetKind: 'continuation',
    target: { continuation: { ids: [20, 21, 22] } },
    scope: { kind: 'last' },
    includeSpecial: true
  })
  expect(plan.ids).toEqual([...IDS, 20, 21])
  expect(other).toEqual([0, 1, 2, 3, 5, 20, 21])
  expect(counted).toEqual([false, false, false, false, true, false, false])
})
