/** The model of a tokenizer file: its vocabulary, and how a piece becomes ids. */
import { createBpe, type Merge } from './tokenization/bpe'
import { mergeTable } from './tokenization/merges'
import type { Encoder, Refuse } from './tokenization/types'
import { createUnigram } from './tokenization/unigram'
import type { TokenizerFile, Vocabulary } from './tokenizer-file'

/** Largest published vocabulary: 262,145 entries (Gemma 3). Ids beyond this bound would only fill memory. */
const MOST_IDS = 2 ** 22
/** What all added tokens may hold together, in characters; Gemma 3 has 6,415 tokens with 76,000. */
const MOST_ADDED = 2 ** 20

/** Every piece and its id; an id without a piece is a hole. */
export interface Entries {
  /** The model's own pieces and the added tokens. */
  readonly ids: ReadonlyMap<string, number>
  readonly pieces: readonly (string | undefined)[]
  /** One more than the largest id of the model's own pieces. */
  readonly ownSize: number
}

/** The vocabulary, the added tokens included. A piece, an id: one each. */
export function entriesOf({ model: { vocab }, added_tokens }: TokenizerFile, refuse: Refuse): Entries {
  const ids = new Map<string, number>()
  const pieces: (string | undefined)[] = []
  const add = (piece: string, id: unknown): void => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) return refuse(`the id of its piece ${shown(piece)} is no whole number`)
    if (id >= MOST_IDS) return refuse(`its piece ${shown(piece)} has the id ${id}, and more than ${MOST_IDS} ids are not supported`)
    const before = pieces[id]
    if (before !== undefined) return refuse(`the id ${id} belongs to two of its pieces, ${shown(before)} and ${shown(piece)}`)
    if (ids.has(piece)) return refuse(`its piece ${shown(piece)} has two ids, ${ids.get(piece)} and ${id}`)
    ids.set(piece, id)
    pieces[id] = piece
  }
  if (isList(vocab)) for (const [id, [piece]] of scoredPieces(vocab, refuse).entries()) add(piece, id)
  else for (const piece of Object.keys(vocab)) add(piece, vocab[piece])
  const ownSize = pieces.length
  if (added_tokens.reduce((sum, { content }) => sum + content.length, 0) > MOST_ADDED) return refuse('its added tokens hold more text than any tokenizer needs')
  for (const { id, content } of added_tokens) {
    const known = ids.get(content)
    if (known === id) continue
    if (known !== undefined) return refuse(`its added token ${shown(content)} has the id ${id}, but the piece of that name has ${known}`)
    add(content, id)
  }
  return { ids, pieces, ownSize }
}

const isList = (vocab: Vocabulary): vocab is Extract<Vocabulary, readonly unknown[]> => Array.isArray(vocab)

/** Unigram's vocabulary: pieces with their log-probabilities, in the order of their ids. */
function scoredPieces(vocab: readonly unknown[], refuse: Refuse): readonly (readonly [string, number])[] {
  const isPair = (pair: unknown): pair is readonly [string, number] =>
    Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number' && Number.isFinite(pair[1])
  return vocab.every(isPair) ? vocab : refuse('its vocabulary is no list of pieces with their log-probabilities')
}

const shown = (piece: string): string => JSON.stringify(piece.length > 60 ? `${piece.slice(0, 60)}...` : piece)

/**
 * How a pre-tokenized piece becomes ids. `hidden` ids are never found in a text. `scores` replaces the list of merges:
 * SentencePiece merges the pair whose piece has the highest score.
 */
export function encoderOf(
  { model }: TokenizerFile,
  { ids, pieces }: Pick<Entries, 'ids' | 'pieces'>,
  hidden: ReadonlySet<number>,
  refuse: Refuse,
  scores?: readonly number[]
): Encoder {
  const type = model.type ?? (isList(model.vocab) ? 'Unigram' : model.merges === undefined ? 'WordLevel' : 'BPE')
  const byteFallback = model.byte_fallback === true
  if (type === 'Unigram') {
    const vocab = isList(model.vocab) ? scoredPieces(model.vocab, refuse) : refuse('its vocabulary has no log-probabilities')
    const unk = model.unk_id ?? undefined
    if (unk !== undefined && unk >= vocab.length) return refuse(`its unknown token ${unk} is not in its vocabulary`)
    return createUnigram({ entries: vocab, ids, hidden, unk, byteFallback, refuse })
  }
  if (type !== 'BPE') return refuse(`its model "${type.slice(0, 40)}" is not supported (supported are: BPE, Unigram)`)
  if (isList(model.vocab)) return refuse('its vocabulary is a list, where BPE needs a table of pieces')
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
