/** What each kind of target makes of what is asked: which tokens are run, what is read where, and how it is called. */
import { describe, expect, it } from 'vitest'
import { targetOf } from '../../../src/main/attribution/targets'
import type { TargetPlan } from '../../../src/main/attribution/types'
import { openModel } from '../../../src/main/models'
import type { TargetInput, TargetKind } from '../../../src/shared/records/ranking'
import { failureOf } from '../../support/failing'
import { TINY_MODELS } from '../../support/models'

const model = await openModel(TINY_MODELS[0] ?? '')
const IDS = [0, 7, 12, 33, 4]
const { n_ctx, d_vocab } = model.config

const plan = (kind: TargetKind, asked: TargetInput, position: number | null = null, ids: readonly number[] = IDS): TargetPlan =>
  targetOf(kind).plan(model, ids, asked, position)

const refusal = (kind: TargetKind, asked: TargetInput, position: number | null = null, ids: readonly number[] = IDS): Promise<string> =>
  failureOf(() => Promise.resolve().then(() => plan(kind, asked, position, ids)))

const texts = ({ terms }: TargetPlan): string[] => terms.map(({ id }) => model.tokenizer.token(id ?? 0).text)
const label = (kind: TargetKind, planned: TargetPlan): string => targetOf(kind).label(texts(planned), planned.terms)
const shown = (id: number): string => JSON.stringify(model.tokenizer.token(id).text)

describe.each(['probability', 'logit', 'log-probability'] as const)('the %s of one token', (kind) => {
  it('is read after the last position, of the greedy token, unless another is asked for', () => {
    expect(plan(kind, null)).toEqual({ ids: IDS, terms: [{ position: 4, id: null, weight: 1 }], chosenBy: 'greedy' })
    expect(plan(kind, { id: 9 }, 2)).toEqual({ ids: IDS, terms: [{ position: 2, id: 9, weight: 1 }], chosenBy: 'user' })
    const text = model.tokenizer.token(20).text
    expect(plan(kind, { text }).terms).toEqual([{ position: 4, id: model.tokenizer.encodeRaw(text)[0], weight: 1 }])
    expect(label(kind, plan(kind, { id: 9 }))).toBe(`${kind} of ${shown(9)}`)
  })

  it('refuses positions and tokens that there are not', async () => {
    expect(await refusal(kind, null, 5)).toBe(
      'There is no position 5: the last one of this prompt is 4. Choose a position from 0 to 4; the first token is 0.'
    )
    expect(await refusal(kind, null, -1)).toContain('There is no position -1')
    expect(await refusal(kind, { id: d_vocab })).toContain(`There is no token with the id ${d_vocab}.`)
    expect(await refusal(kind, { from: 1, to: 2 })).toBe(
      `The target "${kind}" takes one token, or none for the greedy one. Ask for that, or choose another kind of target.`
    )
  })
})

describe('the logit difference', () => {
  it('is the mean of one side minus the mean of the other, a token that is named twice counted once', () => {
    const text = model.tokenizer.token(20).text
    const id = model.tokenizer.encodeRaw(text)[0] ?? -1
    const found = plan('logit-difference', { plus: [{ id: 5 }, { text }, { id: 5 }], minus: [{ id: 8 }] }, 1)
    expect(found.terms).toEqual([
      { position: 1, id: 5, weight: 1 / 2 },
      { position: 1, id, weight: 1 / 2 },
      { position: 1, id: 8, weight: -1 }
    ])
    expect(label('logit-difference', found)).toBe(`mean logit of ${shown(5)}, ${shown(id)} minus logit of ${shown(8)}`)
  })

  it('refuses a token on both sides, and anything but two sides', async () => {
    expect(await refusal('logit-difference', { plus: [{ id: 5 }, { id: 6 }], minus: [{ id: 6 }] })).toBe(
      `The token ${shown(6)} stands on both sides of the logit difference, where it cancels. Take it from one of the sides.`
    )
    expect(await refusal('logit-difference', null)).toContain('The target "logit-difference" takes tokens for both sides.')
    expect(await refusal('logit-difference', { plus: [{ id: 5 }], minus: [{ id: 6 }] }, 5)).toContain('There is no position 5')
  })
})

describe('the continuation', () => {
  it('runs all of it but its last token behind the prompt, and reads each token after those before it', () => {
    const found = plan('continuation', { continuation: { ids: [3, 12, 5] } })
    expect(found.ids).toEqual([...IDS, 3, 12])
    expect(found.terms).toEqual([
      { position: 4, id: 3, weight: 1 },
      { position: 5, id: 12, weight: 1 },
      { position: 6, id: 5, weight: 1 }
    ])
    expect(label('continuation', found)).toBe(`log-probability of the continuation ${JSON.stringify(texts(found).join(''))}`)
  })

  it('takes text as what follows, without the tokens that begin a prompt', () => {
    const text = 'abc abc'
    const found = plan('continuation', { continuation: { text } })
    expect(found.terms.map(({ id }) => id)).toEqual(model.tokenizer.encodeRaw(text))
  })

  it('fills the context to the last token, and refuses one more', async () => {
    const rest = Array.from({ length: n_ctx - IDS.length + 1 }, () => 3)
    expect(plan('continuation', { continuation: { ids: rest } }).ids).toHaveLength(n_ctx)
    expect(await refusal('continuation', { continuation: { ids: [...rest, 3] } })).toBe(
      `The prompt and its continuation have ${n_ctx + 1} tokens together, but the model's context holds ${n_ctx}. Shorten one of them by at least 1 tokens.`
    )
  })

  it('refuses a position, an empty text, tokens that there are not', async () => {
    expect(await refusal('continuation', { continuation: { ids: [3] } }, 2)).toContain(
      'The target "continuation" takes no position, because it says itself which tokens are predicted.'
    )
    expect(await refusal('continuation', { continuation: { text: '' } })).toContain('The target is empty.')
    expect(await refusal('continuation', { continuation: { ids: [-1] } })).toContain('There is no token with the id -1.')
    expect(await refusal('continuation', { id: 3 })).toContain('The target "continuation" takes the text that follows the prompt.')
  })
})

describe('the cross-entropy', () => {
  it('is the mean loss of the prompt’s own tokens from the second on, or of a span', () => {
    const whole = plan('cross-entropy', null)
    expect(whole.terms).toEqual(IDS.slice(1).map((id, position) => ({ position, id, weight: -1 / 4 })))
    const span = plan('cross-entropy', { from: 2, to: 3 })
    expect(span).toEqual({
      ids: IDS,
      terms: [
        { position: 1, id: 12, weight: -1 / 2 },
        { position: 2, id: 33, weight: -1 / 2 }
      ],
      chosenBy: 'user'
    })
    expect(label('cross-entropy', span)).toBe('mean cross-entropy of tokens 2 to 3')
  })

  it('refuses spans that are not in the prompt, and prompts in which nothing is predicted', async () => {
    expect(await refusal('cross-entropy', { from: 1, to: 5 })).toBe(
      'The span 1 to 5 does not lie in this prompt: its first token, 0, is not predicted, and its last one is 4. Choose a span from 1 to 4.'
    )
    expect(await refusal('cross-entropy', { from: 0, to: 2 })).toContain('The span 0 to 2 does not lie in this prompt')
    expect(await refusal('cross-entropy', { from: 3, to: 2 })).toContain('The span 3 to 2 does not lie in this prompt')
    expect(await refusal('cross-entropy', null, null, [7])).toContain('takes a prompt of two tokens or more')
    expect(await refusal('cross-entropy', null, 3)).toContain('The target "cross-entropy" takes no position')
  })
})
