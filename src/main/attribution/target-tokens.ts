/** What targets are put together from: chosen tokens, positions, and how they are shown. */
import { fail } from '../../shared/errors'
import type { TargetInput, TargetKind, TokenChoice } from '../../shared/records/ranking'
import type { Model } from '../models/types'
import type { TargetPlan } from './types'

/** The id of one chosen token. @throws TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS */
export function tokenId(model: Model, choice: TokenChoice): number {
  const { d_vocab } = model.config
  if ('id' in choice) return checkId(choice.id, d_vocab)
  if (choice.text === '') fail('TARGET_EMPTY')
  const ids = model.tokenizer.encodeRaw(choice.text)
  const [id] = ids
  if (id === undefined) return fail('TARGET_EMPTY')
  if (ids.length === 1) return id
  const pieces = ids.map((piece) => shown(model, piece)).join(', ')
  return fail('TARGET_SEVERAL_TOKENS', { text: choice.text, count: ids.length, pieces })
}

/** @throws TOKEN_UNKNOWN */
export function checkId(id: number, d_vocab: number): number {
  return Number.isInteger(id) && id >= 0 && id < d_vocab ? id : fail('TOKEN_UNKNOWN', { id, last: d_vocab - 1 })
}

function shown(model: Model, id: number): string {
  const { text, hex } = model.tokenizer.token(id)
  return hex === undefined ? JSON.stringify(text) : `bytes ${hex}`
}

/** The position asked for, or the last one. @throws POSITION_UNKNOWN */
export function placeOf(ids: readonly number[], position: number | null): number {
  if (position === null) return ids.length - 1
  return Number.isInteger(position) && position >= 0 && position < ids.length
    ? position
    : fail('POSITION_UNKNOWN', { position, last: ids.length - 1 })
}

/** For targets that say themselves where they are read. @throws TARGET_UNFIT where a position was asked for */
export function noPosition(kind: TargetKind, position: number | null): void {
  if (position !== null) fail('TARGET_UNFIT', { kind, needs: 'no position, because it says itself which tokens are predicted' })
}

/**
 * The plan of a target that is one token at one position: the one asked for, or the greedy one.
 * @throws TARGET_UNFIT, POSITION_UNKNOWN, TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS
 */
export function planToken(kind: TargetKind, model: Model, ids: readonly number[], asked: TargetInput, position: number | null): TargetPlan {
  if (asked !== null && !('id' in asked) && !('text' in asked))
    return fail('TARGET_UNFIT', { kind, needs: 'one token, or none for the greedy one' })
  const id = asked === null ? null : tokenId(model, asked)
  return { ids, terms: [{ position: placeOf(ids, position), id, weight: 1 }], chosenBy: id === null ? 'greedy' : 'user' }
}

/** Tokens as a list of quoted texts. */
export const quoted = (tokens: readonly string[]): string => tokens.map((token) => JSON.stringify(token)).join(', ')
