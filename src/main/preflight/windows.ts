/** Text cut into windows of tokens, as an SAE was trained to see them. */
import { fail } from '../../shared/errors'
import { bosOf } from '../models'
import type { Model } from '../models/types'

/** Tokens of all windows together, and of one: SAEs of published models were trained on contexts of 64 to 1024. */
const TOKENS = 512
const WINDOW = 128
/** Shorter rests are left out: their few positions are all near the beginning. */
const SHORTEST = 16

/**
 * Windows of at most 128 ids, 512 in all, each begun with a BOS token where the SAE was trained so and the model has one.
 * @throws PREFLIGHT_TEXT_SHORT
 */
export function windowsOf(model: Model, text: string, prependBos: boolean): number[][] {
  const bos = prependBos ? bosOf(model) : null
  const before = bos === null ? [] : [bos]
  const size = Math.min(WINDOW, model.config.n_ctx) - before.length
  const ids = model.tokenizer.encodeRaw(text).filter((id) => id < model.config.d_vocab)
  const windows: number[][] = []
  for (let start = 0; start < ids.length && windows.length * (size + before.length) < TOKENS; start += size) {
    const window = [...before, ...ids.slice(start, start + size)]
    if (window.length >= Math.min(SHORTEST, size)) windows.push(window)
  }
  return windows.length > 0 ? windows : fail('PREFLIGHT_TEXT_SHORT', { tokens: ids.length, needed: SHORTEST })
}
