/** tokenizer.json and tokenizer_config.json: their schemas, and what is read off them before any text is encoded. */
import { z } from 'zod'
import type { Spelling } from './token-bytes'
import { prependSchemeOf } from './tokenization/pre-tokenizers'
import type { Step } from './tokenization/types'

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
const stage = Step.nullish()

/** Piece -> id (BPE), or pieces with log-probabilities in the order of their ids (Unigram); not looked into here. */
export type Vocabulary = Readonly<Record<string, unknown>> | readonly unknown[]

/** Only its kind: a schema for each of 250,000 entries would take longer than everything else. entriesOf looks at each. */
function isVocabulary(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

const AddedToken = z
  .looseObject({
    id,
    content: z.string().max(1024),
    special: z.boolean().default(false),
    single_word: z.boolean().default(false),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    normalized: z.boolean().optional()
  })
  .transform((token) => ({ ...token, normalized: token.normalized ?? !token.special }))

const affix = z.string().nullish()
/** The parts of tokenizer.json that matter here. Truncation and padding are ways of calling a tokenizer and are left aside. */
export const TokenizerFile = z.looseObject({
  added_tokens: z.array(AddedToken).default([]),
  normalizer: stage,
  pre_tokenizer: stage,
  post_processor: stage,
  decoder: stage,
  model: z.looseObject({
    /** Missing in files from before 2021. */
    type: z.string().optional(),
    vocab: z.custom<Vocabulary>(isVocabulary, 'no vocabulary'),
    merges: z.custom<readonly unknown[]>(Array.isArray, 'no list').optional(),
    unk_token: affix,
    unk_id: id.nullish(),
    fuse_unk: z.boolean().nullish(),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
    dropout: z.number().nullish(),
    continuing_subword_prefix: affix,
    end_of_word_suffix: affix
  })
})
export type TokenizerFile = z.infer<typeof TokenizerFile>

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]).nullish()
export const TokenizerConfig = z.looseObject({ add_bos_token: z.boolean().nullish(), bos_token: tokenName })
export type TokenizerConfig = z.infer<typeof TokenizerConfig>

/** How this file's vocabulary spells bytes and spaces. */
export function spellingOf(file: TokenizerFile): Spelling {
  const steps = [file.pre_tokenizer, file.decoder, file.normalizer].flatMap(stepsOf)
  const byteLevel = steps.some(({ type }) => type === 'ByteLevel')
  const metaspace = steps.find(({ type }) => type === 'Metaspace')
  const replaced = steps.some(({ type, content }) => type === 'Replace' && content === '▁')
  const replacement = typeof metaspace?.replacement === 'string' ? metaspace.replacement : '▁'
  return { byteLevel, byteFallback: file.model.byte_fallback === true, metaspace: metaspace || replaced ? replacement : null }
}

/** Whether the tokenizer puts a space before a text that has none, which decoding from the beginning takes away again. */
export function prependsSpace(file: TokenizerFile): boolean {
  return stepsOf(file.decoder).some(
    (step) =>
      (step.type === 'Strip' && step.content === ' ' && Number(step.start) > 0) || (step.type === 'Metaspace' && prependSchemeOf(step) !== 'never')
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
  for (const step of stepsOf(file.post_processor)) {
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

/** A stage's steps, sequences opened. */
export function stepsOf(step: Step | null | undefined): Step[] {
  if (!step) return []
  const inner = step.pretokenizers ?? step.normalizers ?? step.decoders ?? step.processors
  return inner === undefined ? [step] : inner.flatMap(stepsOf)
}
