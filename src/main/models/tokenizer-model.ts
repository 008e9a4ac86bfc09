/** The model of a tokenizer file: its vocabulary, and how a piece becomes ids. */
import { createBpe, type Merge } from './tokenization/bpe'
import { mergeTable } from './tokenization/merges'
import type { Encoder, Refuse } from './tokenization/types'
import { createUnigram } from './tokenization/unigram'
import { isPairs, type TokenizerFile } from './tokenizer-file'

/** Largest published vocabulary: 262,145 entries (Gemma 3). Ids beyond this bound would only fill memory. */
const MOST_IDS = 2 ** 22
/** What all added tokens may hold together, in characters; Gemma 3 has 6,415 tokens with 76,000. */
const MOST_ADDED = 2 ** 20

/** Every piece and its id; an id without a piece is a hole. */
export interface Entries {
  /** The model's own pieces and the added tokens. */
  readonly ids: ReadonlyMap<string, number>
  readonly pieces: readonly (string | undefined)[]
}

/** The vocabulary, the added tokens included. A piece, an id: one each. */
export function entriesOf({ model: { vocab }, added_tokens }: TokenizerFile, refuse: Refuse): Entries {
  const ids = new Map<string, number>()
  const pieces: (string | undefined)[] = []
  const list = isPairs(vocab) ? vocab.map(([piece], index) => [piece, index] as const) : Object.entries(vocab)
  for (const [piece, index] of list) {
    if (index >= MOST_IDS) return refuse(`its piece ${shown(piece)} has the id ${index}, and more than ${MOST_IDS} ids are not supported`)
    const before = pieces[index]
    if (before !== undefined) return refuse(`the id ${index} belongs to two of its pieces, ${shown(before)} and ${shown(piece)}`)
    if (ids.has(piece)) return refuse(`its piece ${shown(piece)} has two ids, ${ids.get(piece)} and ${index}`)
    ids.set(piece, index)
    pieces[index] = piece
  }
  if (added_tokens.reduce((sum, { content }) => sum + content.length, 0) > MOST_ADDED) return refuse('its added tokens hold more text than any tokenizer needs')
  for (const { id, content } of added_tokens) {
    if (id >= MOST_IDS) return refuse(`its added token ${shown(content)} has the id ${id}, and more than ${MOST_IDS} ids are not supported`)
    const before = pieces[id]
    if (before !== undefined && before !== content) return refuse(`its added token ${shown(content)} has the id ${id} of the piece ${shown(before)}`)
    const known = ids.get(content)
    if (known !== undefined && known !== id) return refuse(`its added token ${shown(content)} has the id ${id}, but the piece of that name has ${known}`)
    ids.set(content, id)
    pieces[id] = content
  }
  return { ids, pieces }
}

const shown = (piece: string): string => JSON.stringify(piece.length > 60 ? `${piece.slice(0, 60)}...` : piece)

/**
 * How a pre-tokenized piece becomes ids. `hidden` ids are never found in a text. `scores` replaces the list of merges:
 * SentencePiece merges the pair whose piece has the highest score.
 */
export function encoderOf(
  { model }: TokenizerFile,
  { ids, pieces }: Entries,
  hidden: ReadonlySet<number>,
  refuse: Refuse,
  scores?: readonly number[]
): Encoder {
  const type = model.type ?? (isPairs(model.vocab) ? 'Unigram' : model.merges === undefined ? 'WordLevel' : 'BPE')
  const byteFallback = model.byte_fallback === true
  if (type === 'Unigram') {
    if (!isPairs(model.vocab)) return refuse('its vocabulary has no log-probabilities')
    const unk = model.unk_id ?? undefined
    if (unk !== undefined && unk >= model.vocab.length) return refuse(`its unknown token ${unk} is not in its vocabulary`)
    return createUnigram({ entries: model.vocab, ids, hidden, unk, byteFallback, refuse })
  }
  if (type !== 'BPE') return refuse(`its model "${type.slice(0, 40)}" is not supported (supported are: BPE, Unigram)`)
  if (isPairs(model.vocab)) return refuse('its vocabulary is a list, where BPE needs a table of pieces')
  if ((model.dropout ?? 0) !== 0) return refuse('it drops merges at random (dropout)')
  const prefix = model.continuing_subword_prefix ?? ''
  const unkToken = model.unk_token ?? null
  const unk = unkToken === null ? undefined : (ids.get(unkToken) ?? refuse(`its unknown token ${shown(unkToken)} is not in its vocabulary`))
  return createBpe({
    ids,
    mergeOf: scores ? scoredMerges(ids, pieces, hidden, scores) : mergeTable(model.merges ?? [], ids, prefix, refuse),
    unk,
    fuseUnk: model.fuse_unk === true,
    byteFallback,
    ignoreMerges: model.ignore_merges === true,
    prefix,
    suffix: model.end_of_word_suffix ?? ''
  })
}

/** Any two neighbours merge whose pieces together are a piece; the higher its score, the earlier. */
function scoredMerges(
  ids: ReadonlyMap<string, number>,
  pieces: readonly (string | undefined)[],
  hidden: ReadonlySet<number>,
  scores: readonly number[]
): (left: number, right: number) => Merge | undefined {
  const order = [...new Set(scores)].sort((a, b) => b - a)
  const rankOf = new Map(order.map((score, rank) => [score, rank]))
  return (left, right) => {
    const id = ids.get((pieces[left] ?? '') + (pieces[right] ?? ''))
    if (id === undefined || hidden.has(id)) return undefined
    const rank = rankOf.get(scores[id] ?? NaN)
    return rank === undefined ? undefined : { rank, id }
  }
}
