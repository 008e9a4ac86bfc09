/** Running a model in plain words: from ids to the residual stream, to logits, to the likeliest next tokens. */
import { assert, fail } from '../../shared/errors'
import type { NextToken, PromptInput } from '../../shared/records/token'
import { allFinite, f32, floatsOf, i64 } from '../runtime/tensors'
import type { Feeds, Tensor } from '../runtime/types'
import { chatIds } from './chat'
import { logSumExp } from './exponential'
import { widthOf } from './hooks'
import type { ModelSessions } from './sessions'
import type { Model } from './types'

/**
 * A prompt's ids: text through the tokenizer, with BOS as its files say; exact ids, to which nothing is added; or a chat through the
 * model's template.
 * @throws PROMPT_EMPTY, PROMPT_TOO_LONG, TOKEN_UNKNOWN, and what `chatIds` throws
 */
export function promptIds(model: Model, prompt: PromptInput): number[] {
  if ('text' in prompt && prompt.text === '') fail('PROMPT_EMPTY')
  const ids = 'text' in prompt ? model.tokenizer.encode(prompt.text) : 'ids' in prompt ? [...prompt.ids] : chatIds(model, prompt)
  const { n_ctx: limit, d_vocab } = model.config
  if (ids.length === 0) fail('PROMPT_EMPTY')
  if (ids.length > limit) fail('PROMPT_TOO_LONG', { tokens: ids.length, limit, excess: ids.length - limit })
  const unknown = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= d_vocab)
  if (unknown !== undefined) fail('TOKEN_UNKNOWN', { id: unknown, last: d_vocab - 1 })
  return ids
}

/** Positions start .. start + count - 1 as the feed `positions`. */
export function positionsFrom(start: number, count: number): Tensor {
  return i64([count], Array.from({ length: count }, (_, index) => start + index))
}

/** Feeds of one prompt from its beginning. */
function promptFeeds(ids: readonly number[]): Feeds {
  return { tokens: i64([1, ids.length], ids), positions: positionsFrom(0, ids.length) }
}

/** The value at `hook` for every position of one prompt: float32 [position, width]. @throws HOOK_UNKNOWN */
export async function forwardResid(sessions: ModelSessions, ids: readonly number[], hook: string): Promise<Tensor<Float32Array>> {
  const session = await sessions.segment({ from: 'tokens', to: hook, cache: false })
  const outputs = await session.run(promptFeeds(ids))
  return f32([ids.length, widthOf(sessions.model.config, hook)], floatsOf(outputs, 'hook'))
}

/** Logits after the last token of one prompt: float32 [d_vocab]. */
export async function nextLogits(sessions: ModelSessions, ids: readonly number[]): Promise<Float32Array> {
  const session = await sessions.segment({ from: 'tokens', to: 'logits', cache: false })
  const outputs = await session.run({ ...promptFeeds(ids), select: i64([1], [ids.length - 1]) })
  const logits = floatsOf(outputs, 'logits')
  if (!allFinite(logits)) fail('NUMBERS_NOT_FINITE', { doing: 'reading the prompt' })
  return logits
}

/** An id with its logit and probability. */
export interface Scored {
  readonly id: number
  readonly logit: number
  readonly probability: number
}

/** The n largest logits, largest first (equal ones by id), with their probabilities under the softmax of all, in float64. */
export function topTokens(logits: Float32Array, n: number): Scored[] {
  const total = logSumExp(logits)
  const best: number[] = []
  const value = (id: number | undefined): number => (id === undefined ? -Infinity : (logits[id] ?? -Infinity))
  for (let id = 0; id < logits.length; id++) {
    if (best.length === n && value(id) <= value(best.at(-1))) continue
    let place = best.length
    while (place > 0 && value(best[place - 1]) < value(id)) place--
    best.splice(place, 0, id)
    if (best.length > n) best.pop()
  }
  return best.map((id) => ({ id, logit: value(id), probability: Math.exp(value(id) - total) }))
}

/** Scored ids with what their tokens say. */
export function nextTokens(model: Model, scored: readonly Scored[]): NextToken[] {
  return scored.map(({ id, logit, probability }) => ({ ...model.tokenizer.token(id), logit, probability }))
}

/** Logit and probability of one token. */
export function scoreOf(logits: Float32Array, id: number): Scored {
  const logit = logits[id]
  assert(logit !== undefined, `the token ${id} has a logit`)
  return { id, logit, probability: Math.exp(logit - logSumExp(logits)) }
}

/**
 * The token that begins a text: what the tokenizer puts there, else the one config.json names. So GPT-2, whose tokenizer adds none, has
 * the one that SAEs were trained with (formats.md 8.9). Null where there is none.
 */
export function bosOf({ tokenizer, rawConfig, config }: Model): number | null {
  const [first] = tokenizer.encode('a')
  if (first !== undefined && tokenizer.specialIds.has(first)) return first
  const named = rawConfig.bos_token_id
  return typeof named === 'number' && Number.isInteger(named) && named >= 0 && named < config.d_vocab ? named : null
}
