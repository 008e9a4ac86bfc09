/**
 * Neuronpedia's export: v1/{modelId}/{sourceId}/explanations/batch-{n}.jsonl.gz and .../features/batch-{n}.jsonl.gz, one row a line.
 *
 * Batches are cut from an order by `index` as text (0, 1, 10, 100, 1000, ..): neither a row's place nor a batch's number says which latent
 * it is; only the row's own `index` does. A latent may have several explanations. Rows of activations and of configuration are no labels.
 * Source: the database models behind the export (neuronpedia_utils/db_models), restated.
 */
import { z } from 'zod'
import { LABEL_CHARACTERS, plainText, type LabelRecord } from '../labels/record'
import type { LabelFormat } from './types'

const Name = z.string().min(1).max(200)

/** Written as text in the exports; a whole number is taken, too. */
const Index = z.union([
  z
    .string()
    .regex(/^\d{1,9}$/, 'it is not the number of a latent')
    .transform(Number),
  z.number().int().nonnegative()
])

/** Judgements of an explanation. Not in every export, and not of one shape: what is not a number is passed over. */
const Scores = z.array(z.looseObject({ value: z.number().optional().catch(undefined) })).catch([])

const Row = z.object({
  modelId: Name,
  layer: Name,
  index: Index,
  description: z.string().max(LABEL_CHARACTERS).nullish(),
  typeName: z.string().max(400).nullish(),
  explanationModelName: z.string().max(400).nullish(),
  scores: Scores.optional(),
  createdAt: z.string().max(100).nullish(),
  frac_nonzero: z.number().min(0).max(1).nullish().catch(null),
  maxActApprox: z.number().nullish().catch(null)
})

const FirstRow = z.looseObject({ modelId: Name, layer: Name, index: Index })
const TELLING = ['description', 'maxActApprox', 'frac_nonzero', 'pos_str']

export const neuronpedia: LabelFormat = {
  format: 'neuronpedia',
  title: 'Neuronpedia',
  lineBytes: 2 ** 20,
  folded: true,
  matches(first) {
    const row = FirstRow.safeParse(first)
    return row.success && TELLING.some((key) => key in row.data)
  },
  read(line) {
    const { modelId, layer, index, description, typeName, explanationModelName, scores, createdAt, frac_nonzero, maxActApprox } =
      Row.parse(line)
    const label = plainText(description ?? '')
    const by = [typeName, explanationModelName].flatMap((name) => (name ? [plainText(name)] : []))
    // An approximate maximum of 0 and a share of 0 stand for "not measured" where both are 0.
    const measured = (frac_nonzero ?? 0) > 0 || (maxActApprox ?? 0) > 0
    const record: LabelRecord = {
      id: index,
      ...(label === ''
        ? {}
        : { label, label_from: by.join(', '), score: largest(scores), created: createdAt ?? null, user: by.length === 0 }),
      ...(measured ? { rate: frac_nonzero ?? null, max: maxActApprox ?? null } : {})
    }
    return { claim: `${modelId}/${layer}`, records: label !== '' || measured ? [record] : [] }
  },
  belongs: (claim, { neuronpediaId }) => (neuronpediaId === null ? null : claim === neuronpediaId)
}

/** Scorers are several and all run to 1: an explanation is worth the best of its scores. */
function largest(scores: z.infer<typeof Scores> | undefined): number | null {
  const values = (scores ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]))
  return values.length === 0 ? null : Math.max(...values)
}
