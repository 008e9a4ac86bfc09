/** A model folder's tokenizer: text to ids and back, and what each token says, byte for byte. */
import { fail } from '../../shared/errors'
import type { Token } from '../../shared/records/token'
import { BYTE_PIECE, bytesOf, hexOf, textOf } from './token-bytes'
import { within } from './tokenization/guard'
import { createPipeline, runsInLinearTime } from './tokenization/pipeline'
import type { Refuse } from './tokenization/types'
import { prependsSpace, spellingOf, stepsOf, surroundingsOf } from './tokenizer-file'
import { encoderOf, entriesOf } from './tokenizer-model'
import { readTokenizerFiles, type TokenizerSource } from './tokenizer-sources'
import type { Tokenizer } from './types'

/**
 * Reads the tokenizer of a model folder from the best of the files that are there (see tokenizer-sources.ts). No ordinary
 * piece may have an id outside the model's `d_vocab`; added tokens may (Gemma 3's text models lack the one for images).
 * @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID, TOKENIZER_INVALID
 */
export async function openTokenizer(folder: string, d_vocab = Infinity): Promise<Tokenizer> {
  return createTokenizer(await readTokenizerFiles(folder), d_vocab)
}

/** What a foreign regular expression may take for one text. 100,000 characters take GPT-2's 20 ms. */
const LONGEST_MS = 2000

/**
 * A tokenizer from its parsed files.
 * @throws TOKENIZER_INVALID for what cannot be done exactly as the file says
 */
export function createTokenizer({ file, config, path, scores }: TokenizerSource, d_vocab = Infinity): Tokenizer {
  const refuse: Refuse = (reason) => fail('TOKENIZER_INVALID', { path, reason })
  const { ids: idOf, pieces, ownSize } = entriesOf(file, refuse)
  if (ownSize > d_vocab) return refuse(`it has a piece with the id ${ownSize - 1}, and the model's vocabulary ends at ${d_vocab - 1}`)
  const specialIds = new Set(file.added_tokens.filter(({ special }) => special).map(({ id }) => id))
  const { before, after } = surroundingsOf(file, config, (token) => idOf.get(token))
  const stray = [...before, ...after].find((id) => pieces[id] === undefined)
  if (stray !== undefined) return refuse(`it surrounds texts with the id ${stray}, which it does not name`)
  const spelling = spellingOf(file)
  const strips = prependsSpace(file)
  const literal = { byteLevel: false, byteFallback: false, metaspace: null }
  const added = new Set(file.added_tokens.map(({ id }) => id))
  const bytes = (id: number): Uint8Array => {
    const piece = pieces[id]
    if (piece === undefined) return new Uint8Array(0)
    return bytesOf(piece, specialIds.has(id) || (spelling.byteLevel && added.has(id)) ? literal : spelling)
  }

  // A byte's piece stands for a byte that no piece covers; "<0x41>" in a text is six characters.
  const byteIds = spelling.byteFallback ? pieces.flatMap((piece, id) => (piece !== undefined && BYTE_PIECE.test(piece) ? [id] : [])) : []
  const encoder = encoderOf(file, { ids: idOf, pieces }, new Set([...specialIds, ...byteIds]), refuse, scores)
  // Were the special tokens left in, a prompt that spells "<|endoftext|>" would become the control token itself; a person
  // who types it means the characters.
  const addedTokens = file.added_tokens.filter(({ special }) => !special)
  const options = { addedTokens, normalizer: file.normalizer, preTokenizer: file.pre_tokenizer, encoder, refuse, ownSymbols: scores !== undefined }
  const harmless = runsInLinearTime([file.normalizer, file.pre_tokenizer].flatMap(stepsOf))
  const watched = (encode: (text: string) => number[]): ((text: string) => number[]) => {
    if (harmless) return encode
    return (text) => within(LONGEST_MS, () => encode(text))?.result ?? refuse(`one of its regular expressions takes longer than ${LONGEST_MS / 1000} s for this text`)
  }
  const encodeText = watched(createPipeline({ ...options, begins: true }))
  const encodeRaw = watched(createPipeline({ ...options, begins: false }))
  const encodeRendered = watched(createPipeline({ ...options, addedTokens: file.added_tokens, begins: true }))

  const token = (id: number): Token => {
    // Vocabularies are often padded to a round size: such ids have logits but no spelling.
    if (pieces[id] === undefined) return { id, text: `<unused ${id}>`, special: true }
    const special = specialIds.has(id)
    const text = textOf(bytes(id))
    return text === null ? { id, text: '', hex: hexOf(bytes(id)), special } : { id, text, special }
  }

  const decode = (ids: readonly number[]): string => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(ids.filter((id) => !specialIds.has(id)).map(bytes)))
    // The space that the tokenizer itself put before the text is there only when the ids begin where a text begins.
    const begins = ids[0] !== undefined && specialIds.has(ids[0])
    return strips && begins && text.startsWith(' ') ? text.slice(1) : text
  }

  return {
    encode: (text) => [...before, ...encodeText(text), ...after],
    encodeRaw,
    encodeRendered,
    token,
    decode,
    specialIds,
    size: pieces.length
  }
}
