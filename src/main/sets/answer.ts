/** What is asked of one prompt: its own target, or its answer, or the greedy token. */
import { fail } from '../../shared/errors'
import type { TargetInput, TargetKind } from '../../shared/records/ranking'
import type { SetPrompt, SetTarget } from '../../shared/records/sets'
import type { PromptInput } from '../../shared/records/token'
import { chatIds } from '../models'
import type { Model } from '../models/types'

/** Targets that read one token. */
const SINGLE: readonly TargetKind[] = ['probability', 'logit', 'log-probability']

/**
 * The target of a prompt: what it asks itself; else, with `explain: 'answer'`, its answer: the first token of the answer as it follows
 * the prompt for targets of one token, all of its tokens for `continuation`. Cross-entropy reads the prompt's own tokens, so null.
 * @throws ANSWER_MISSING where the answer is asked for and there is none
 */
export function targetOf(model: Model, prompt: SetPrompt, explain: SetTarget, kind: TargetKind): TargetInput {
  if (prompt.target !== null || explain === 'greedy' || kind === 'cross-entropy') return prompt.target
  if (prompt.answer === null || prompt.answer.trim() === '') return fail('ANSWER_MISSING')
  const ids = answerIds(model, prompt.prompt, prompt.answer)
  const [first] = ids
  if (first === undefined) return fail('ANSWER_MISSING')
  if (kind === 'continuation') return { continuation: { ids } }
  // A difference needs two sides, which an answer does not have: the target says so.
  return SINGLE.includes(kind) ? { id: first } : null
}

/**
 * Tokens of an answer as they follow a prompt. Between them belongs one space, and tokenizers put it at the start of the next word:
 * so " answer" is read, unless the prompt ends or the answer begins with white space. Prompt and answer are read apart, as the model
 * reads them: no token spans both.
 */
export function answerIds(model: Model, prompt: PromptInput, answer: string): number[] {
  const spaced = /^\s/.test(answer) || endsWithSpace(model, prompt)
  return model.tokenizer.encodeRaw(spaced ? answer : ` ${answer}`)
}

function endsWithSpace(model: Model, prompt: PromptInput): boolean {
  if ('text' in prompt) return /\s$/.test(prompt.text)
  const last = ('ids' in prompt ? prompt.ids : chatIds(model, prompt)).at(-1)
  return last !== undefined && last >= 0 && last < model.config.d_vocab && /\s$/.test(model.tokenizer.token(last).text)
}
