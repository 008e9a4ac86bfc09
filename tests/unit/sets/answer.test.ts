import { describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { answerIds, targetOf } from '../../../src/main/sets/answer'
import { SetPrompt } from '../../../src/shared/records/sets'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL } from '../../support/models'

const model = await openModel(DEFAULT_MODEL)
const texts = (own: Model, ids: readonly number[]): string => ids.map((id) => own.tokenizer.token(id).text).join('|')
const prompt = (text: string, answer: string | null): SetPrompt => SetPrompt.parse({ id: 'a', prompt: { text }, answer })

describe('the answer of a prompt', () => {
  it('follows after one space, unless there is white space already', () => {
    const after = (text: string, answer: string): string => texts(model, answerIds(model, { text }, answer))
    expect(after('Answer:', 'dog')).toBe(' dog')
    expect(after('Answer: ', 'dog')).toBe(texts(model, model.tokenizer.encodeRaw('dog')))
    expect(after('Answer:\n', 'dog')).toBe(texts(model, model.tokenizer.encodeRaw('dog')))
    expect(after('Answer:', ' dog')).toBe(' dog')
    expect(after('', 'dog')).toBe(' dog')
  })

  it('follows token ids by what the last of them says', () => {
    const [space] = model.tokenizer.encodeRaw('\n')
    const [word] = model.tokenizer.encodeRaw('Answer')
    expect(texts(model, answerIds(model, { ids: [word ?? -1] }, 'dog'))).toBe(' dog')
    expect(answerIds(model, { ids: [word ?? -1, space ?? -1] }, 'dog')).toStrictEqual(model.tokenizer.encodeRaw('dog'))
    expect(texts(model, answerIds(model, { ids: [] }, 'dog'))).toBe(' dog')
  })

  it('is its first token for targets of one token, all of them for a continuation, and nothing for the rest', () => {
    const ids = model.tokenizer.encodeRaw(' a brown dog')
    expect(ids.length).toBeGreaterThan(1)
    const target = (kind: Parameters<typeof targetOf>[3]): ReturnType<typeof targetOf> =>
      targetOf(model, prompt('It was', 'a brown dog'), 'answer', kind)
    expect(target('probability')).toStrictEqual({ id: ids[0] })
    expect(target('logit')).toStrictEqual({ id: ids[0] })
    expect(target('log-probability')).toStrictEqual({ id: ids[0] })
    expect(target('continuation')).toStrictEqual({ continuation: { ids } })
    expect(target('cross-entropy')).toBeNull()
    expect(target('logit-difference')).toBeNull()
  })

  it('gives way to a target of its own, and is not asked for where the greedy token is', async () => {
    const own = { ...prompt('It was', null), target: { id: 5 } }
    expect(targetOf(model, own, 'answer', 'logit')).toStrictEqual({ id: 5 })
    expect(targetOf(model, prompt('It was', 'a dog'), 'greedy', 'logit')).toBeNull()
    for (const answer of [null, '', '  '])
      expect(await failureOf(() => targetOf(model, prompt('It was', answer), 'answer', 'logit'))).toBe(
        "The prompt has no answer that could be explained. Give it an answer or a target, or explain the model's own choice."
      )
  })
})
