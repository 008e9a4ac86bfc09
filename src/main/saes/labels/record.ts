/** What one line of labels says of one latent: the line of latents.jsonl, and of every file in the label store. */
import { z } from 'zod'

/** Longest explanation that is kept, in characters. */
export const LABEL_CHARACTERS = 2 ** 14

const Context = z
  .object({ ids: z.array(z.number().int().nonnegative()), acts: z.array(z.number()), at: z.number().int().nonnegative() })
  .refine(
    ({ ids, acts, at }) => acts.length === ids.length && at < ids.length,
    'a context has one activation for each token, and "at" is one of them'
  )
export type RecordContext = z.infer<typeof Context>

/** What is kept of every line: the explanation itself. */
export const LabelLine = z.object({
  id: z.number().int().nonnegative(),
  label: z.string().max(LABEL_CHARACTERS).nullish(),
  /** How it was made: a method, and the model that wrote it. */
  label_from: z.string().max(1000).nullish(),
  score: z.number().nullish(),
  /** When it was made, ISO 8601. */
  created: z.string().max(100).nullish(),
  /** True where a person wrote it. */
  user: z.boolean().nullish(),
  /** True where nobody explained anything and a label only says what was computed: it is shown where there is nothing better. */
  computed: z.boolean().nullish()
})

/** A whole line. Keys that are not used are ignored. */
export const LabelRecord = LabelLine.extend({
  /** Over the text that was read: share of tokens the latent fires on, its largest activation, and its mean one where it fires. */
  rate: z.number().nullish(),
  max: z.number().nullish(),
  mean: z.number().nullish(),
  contexts: z.array(Context).nullish()
})
export type LabelRecord = z.infer<typeof LabelRecord>

/** Whether a record says anything beside an explanation. */
export function hasStatistics({ rate, max, contexts }: LabelRecord): boolean {
  return typeof rate === 'number' || typeof max === 'number' || (contexts?.length ?? 0) > 0
}

/**
 * Text of unknown origin as one line of plain text: control characters, line breaks and marks that turn the direction of writing become
 * spaces. What looks like HTML stays as it is; nothing that shows labels reads it as such.
 */
export function plainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, ' ').trim()
}

/** What is wrong with a value, in words, from the first of zod's issues. */
export function whatIsWrong(error: z.ZodError): string {
  const [issue] = error.issues
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is malformed'}`
}
