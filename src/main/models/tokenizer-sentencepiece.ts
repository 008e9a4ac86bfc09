/**
 * tokenizer.model: a SentencePiece model (protocol buffer ModelProto of sentencepiece_model.proto), as the tokenizer.json
 * that says the same. Only the fields that change ids are read.
 */
import { readFile } from 'node:fs/promises'
import { fail } from '../../shared/errors'
import { checkFile, failToRead } from '../tensors/files'
import { fieldsOf, type Field } from './tokenization/protobuf'
import type { Refuse } from './tokenization/types'

/** Gemma's has 4.7 MB. */
const MAX_BYTES = 2 ** 27
const UNIGRAM = 1
const BPE = 2
/** SentencePiece.Type; a piece of any other type is an ordinary one. */
const TYPE = { unknown: 2, control: 3, userDefined: 4, unused: 5 }
const HIGHEST_TYPE = 6

interface ScoredPiece {
  readonly piece: string
  readonly score: number
  readonly type: number
}

/** @throws FILE_MISSING, FILE_UNREADABLE, TOKENIZER_INVALID */
export async function readSentencePiece(path: string, config: Readonly<Record<string, unknown>>): Promise<{ raw: unknown; scores?: readonly number[] }> {
  await checkFile(path, MAX_BYTES)
  const bytes = await readFile(path).catch((error: unknown) => failToRead(path, error))
  return sentencePieceTokenizer(bytes, config, (reason) => fail('TOKENIZER_INVALID', { path, reason }))
}

/** What a ModelProto says, as tokenizer.json; with the pieces' scores where they take the place of merges (BPE). */
export function sentencePieceTokenizer(bytes: Uint8Array, config: Readonly<Record<string, unknown>>, refuse: Refuse): { raw: unknown; scores?: readonly number[] } {
  const fields = fieldsOf(bytes, refuse)
  const pieces = fields.filter(({ number }) => number === 1).map((field) => pieceOf(messageOf(field, refuse), refuse))
  if (pieces.length === 0) return refuse('it holds no pieces')
  const trainer = lastMessage(fields, 2, refuse)
  const normalizer = lastMessage(fields, 3, refuse)
  const modelType = numberOf(trainer, 3, UNIGRAM)
  if (modelType !== UNIGRAM && modelType !== BPE) return refuse('its model is neither BPE nor Unigram')
  if (pieces.some(({ type }) => type === TYPE.unused)) return refuse('it has pieces that it marks as unused')
  if (numberOf(trainer, 24, 0) === 1) return refuse('it puts spaces behind words (treat_whitespace_as_suffix)')
  if (numberOf(normalizer, 5, 1) === 0) return refuse('it leaves spaces as they are (escape_whitespaces is off)')
  const byteFallback = numberOf(trainer, 35, 0) === 1
  const unk = pieces.findIndex(({ type }) => type === TYPE.unknown)
  if (unk < 0) return refuse('it has no unknown token')
  const raw = {
    added_tokens: addedTokens(pieces),
    normalizer: { type: 'Sequence', normalizers: normalizers(normalizer, refuse) },
    pre_tokenizer: null,
    post_processor: modelType === BPE && config.add_bos_token !== false ? bosTemplate(pieces) : null,
    decoder: numberOf(normalizer, 3, 1) === 1 ? { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' } : null
  }
  if (modelType === UNIGRAM) {
    const vocab = pieces.map(({ piece, score }) => [piece, score])
    return { raw: { ...raw, model: { type: 'Unigram', vocab, unk_id: unk, byte_fallback: byteFallback } } }
  }
  const vocab = Object.fromEntries(pieces.map(({ piece }, id) => [piece, id]))
  if (Object.keys(vocab).length !== pieces.length) return refuse('two of its pieces are the same')
  const unk_token = pieces[unk]?.piece
  return { raw: { ...raw, model: { type: 'BPE', vocab, unk_token, fuse_unk: true, byte_fallback: byteFallback } }, scores: pieces.map(({ score }) => score) }
}

/** Llama's and Gemma's classes put <s> or <bos> in front unless add_bos_token is false; T5's kind (Unigram) does not. */
function bosTemplate(pieces: readonly ScoredPiece[]): unknown {
  const id = pieces.findIndex(({ piece, type }) => type === TYPE.control && (piece === '<s>' || piece === '<bos>'))
  const name = pieces[id]?.piece
  if (name === undefined) return null
  return {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: name, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    special_tokens: { [name]: { id: name, ids: [id], tokens: [name] } }
  }
}

/** Control and unknown tokens are special; user-defined ones are found whole in any text. */
function addedTokens(pieces: readonly ScoredPiece[]): unknown[] {
  return pieces.flatMap(({ piece, type }, id) => {
    if (type === TYPE.unknown || type === TYPE.control) return [{ id, content: piece, special: true, normalized: false }]
    return type === TYPE.userDefined ? [{ id, content: piece, special: false, normalized: true }] : []
  })
}

/** NormalizerSpec: the rules, then spaces: only one between words and none around, one in front of all, written as "▁". */
function normalizers(spec: readonly Field[], refuse: Refuse): unknown[] {
  const charsmap = spec.filter(({ number }) => number === 2).at(-1)
  const bytes = charsmap === undefined ? new Uint8Array(0) : messageBytes(charsmap, refuse)
  const rules = bytes.length === 0 ? [] : [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(bytes).toString('base64'), longest: true }]
  const without = (expression: string, content: string): unknown => ({ type: 'Replace', pattern: { Regex: expression }, content })
  const single = numberOf(spec, 4, 1) === 1 ? [without(' {2,}', ' '), without(String.raw`\A `, ''), without(String.raw` \z`, '')] : []
  const prefix = numberOf(spec, 3, 1) === 1 ? [{ type: 'Prepend', prepend: '▁' }] : []
  return [...rules, ...single, ...prefix, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }]
}

function pieceOf(fields: readonly Field[], refuse: Refuse): ScoredPiece {
  const spelt = fields.filter(({ number }) => number === 1).at(-1)
  const score = fields.filter(({ number }) => number === 2).at(-1)
  const type = numberOf(fields, 3, 1)
  if (type > HIGHEST_TYPE) return refuse(`one of its pieces has the unknown type ${type}`)
  return { piece: spelt === undefined ? '' : Buffer.from(messageBytes(spelt, refuse)).toString('utf8'), score: score?.kind === 'float' ? score.value : 0, type }
}

function numberOf(fields: readonly Field[], number: number, fallback: number): number {
  const found = fields.filter((field) => field.number === number).at(-1)
  return found?.kind === 'number' ? found.value : fallback
}

function lastMessage(fields: readonly Field[], number: number, refuse: Refuse): Field[] {
  const found = fields.filter((field) => field.number === number).at(-1)
  return found === undefined ? [] : messageOf(found, refuse)
}

const messageOf = (field: Field, refuse: Refuse): Field[] => fieldsOf(messageBytes(field, refuse), refuse)

function messageBytes(field: Field, refuse: Refuse): Uint8Array {
  return field.kind === 'bytes' ? field.value : refuse('it is not a SentencePiece model')
}
