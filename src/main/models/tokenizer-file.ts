/**
 * tokenizer.json and tokenizer_config.json as far as we read them ourselves: the vocabulary, the added tokens, how bytes
 * are spelt, and which tokens are put around a text. Splitting text into tokens is left to @huggingface/tokenizers.
 */
import { z } from 'zod'
import type { Spelling } from './token-bytes'

const id = z.number().int().nonnegative()
const Step: z.ZodType<Step> = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    pretokenizers: z.array(Step).optional(),
    normalizers: z.array(Step).optional(),
    decoders: z.array(Step).optional(),
    processors: z.array(Step).optional()
  })
)
/** One stage of a pipeline; sequences hold further stages. */
interface Step {
  readonly [key: string]: unknown
  readonly type: string
  readonly pretokenizers?: Step[] | undefined
  readonly normalizers?: Step[] | undefined
  readonly decoders?: Step[] | undefined
  readonly processors?: Step[] | undefined
}
const stage = Step.nullish()

/** Piece -> id (BPE), or pieces with log-probabilities in the order of their ids (Unigram). */
type Vocabulary = Readonly<Record<string, number>> | readonly (readonly [string, number])[]

/** Checked by hand: a schema for each of 250,000 entries would take longer than everything else about a tokenizer. */
function isVocabulary(value: unknown): boolean {
  if (!Array.isArray(value)) {
    const ids: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [null]
    return ids.every((found) => typeof found === 'number' && Number.isInteger(found) && found >= 0)
  }
  const pairs: unknown[] = value
  return pairs.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number')
}

/** The parts of tokenizer.json that are read here; the rest is kept for the tokenizer library. */
export const TokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id, content: z.string(), special: z.boolean().default(false) })).default([]),
  normalizer: stage,
  pre_tokenizer: stage,
  post_processor: stage,
  decoder: stage,
  model: z.looseObject({
    type: z.string().optional(),
    byte_fallback: z.boolean().nullish(),
    vocab: z.custom<Vocabulary>(isVocabulary, 'no vocabulary')
  })
})
export type TokenizerFile = z.infer<typeof TokenizerFile>

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]).nullish()
export const TokenizerConfig = z.looseObject({ add_bos_token: z.boolean().nullish(), bos_token: tokenName })
export type TokenizerConfig = z.infer<typeof TokenizerConfig>

/** Every id's spelling in the file, with the added tokens last so that they win. */
export function vocabularyOf(file: TokenizerFile): Map<number, string> {
  const { vocab } = file.model
  const entries = new Map<number, string>()
  if (isPairs(vocab)) vocab.forEach(([piece], index) => entries.set(index, piece))
  else for (const [piece, index] of Object.entries(vocab)) entries.set(index, piece)
  for (const { id, content } of file.added_tokens) entries.set(id, content)
  return entries
}

const isPairs = (vocab: Vocabulary): vocab is Extract<Vocabulary, readonly unknown[]> => Array.isArray(vocab)

/** How this file's vocabulary spells bytes and spaces. */
export function spellingOf(file: TokenizerFile): Spelling {
  const steps = [file.pre_tokenizer, file.decoder, file.normalizer].flatMap((step) => (step ? flatten(step) : []))
  const byteLevel = steps.some(({ type }) => type === 'ByteLevel')
  const metaspace = steps.find(({ type }) => type === 'Metaspace')
  const replaced = steps.some(({ type, content }) => type === 'Replace' && content === '▁')
  const replacement = typeof metaspace?.replacement === 'string' ? metaspace.replacement : '▁'
  return { byteLevel, byteFallback: file.model.byte_fallback === true, metaspace: metaspace || replaced ? replacement : null }
}

/** Whether the tokenizer puts a space before a text that has none, which decoding from the beginning takes away again. */
export function prependsSpace(file: TokenizerFile): boolean {
  return (file.decoder ? flatten(file.decoder) : []).some(
    (step) =>
      (step.type === 'Strip' && step.content === ' ' && Number(step.start) > 0) ||
      (step.type === 'Metaspace' && (step.prepend_scheme === undefined ? step.add_prefix_space !== false : step.prepend_scheme !== 'never'))
  )
}

/** Token ids put before and after a text. */
export interface Surroundings {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/**
 * The rule for BOS and EOS:
 * 1. A post-processor that places special tokens (TemplateProcessing, BertProcessing, RobertaProcessing) decides, also when
 *    it places none.
 * 2. Where there is none, `add_bos_token: true` in tokenizer_config.json puts `bos_token` in front, as Hugging Face's own
 *    tokenizer classes do when they build the missing post-processor.
 * 3. Otherwise nothing is added. (TransformerLens adds a BOS to every prompt unless told not to; give exact token ids to
 *    reproduce that for a tokenizer whose own files do not ask for it.)
 */
export function surroundingsOf(file: TokenizerFile, config: TokenizerConfig, idOf: (token: string) => number | undefined): Surroundings {
  for (const step of file.post_processor ? flatten(file.post_processor) : []) {
    const template = Template.safeParse(step)
    if (template.success) return fromTemplate(template.data)
    const pair = ClsSep.safeParse(step)
    if (pair.success) return { before: [pair.data.cls[1]], after: [pair.data.sep[1]] }
  }
  const bos = config.add_bos_token === true && config.bos_token ? idOf(config.bos_token) : undefined
  return { before: bos === undefined ? [] : [bos], after: [] }
}

const Template = z.looseObject({
  type: z.literal('TemplateProcessing'),
  single: z.array(
    z.union([z.object({ SpecialToken: z.looseObject({ id: z.string() }) }), z.object({ Sequence: z.looseObject({ id: z.string() }) })])
  ),
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(id) })).default({})
})
const ClsSep = z.looseObject({
  type: z.enum(['BertProcessing', 'RobertaProcessing']),
  cls: z.tuple([z.string(), id]),
  sep: z.tuple([z.string(), id])
})

function fromTemplate({ single, special_tokens }: z.infer<typeof Template>): Surroundings {
  const text = single.findIndex((piece) => 'Sequence' in piece)
  const ids = (pieces: typeof single): number[] =>
    pieces.flatMap((piece) => ('SpecialToken' in piece ? (special_tokens[piece.SpecialToken.id]?.ids ?? []) : []))
  return { before: ids(single.slice(0, text)), after: ids(single.slice(text)) }
}

function flatten(step: Step): Step[] {
  const inner = step.pretokenizers ?? step.normalizers ?? step.decoders ?? step.processors
  return inner === undefined ? [step] : inner.flatMap(flatten)
}
