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
  maxActApprox: z.number().nullish().catch(null),
  /** Tokens that the latent promotes most, as text. */
  pos_str: z.array(z.string()).nullish().catch(null)
})

const FirstRow = z.looseObject({ modelId: Name, layer: Name, index: Index })
/** Promoted tokens that make a label where nobody has explained the latent. */
const PROMOTED = 5

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
    const row = Row.parse(line)
    return { claim: `${row.modelId}/${row.layer}`, records: [explanationOf(row), measuredOf(row)].filter((record) => record !== null) }
  },
  belongs: (claim, { neuronpediaId }) => (neuronpediaId === null ? null : claim === neuronpediaId)
}

type Row = z.infer<typeof Row>

function explanationOf({ index, description, typeName, explanationModelName, scores, createdAt }: Row): LabelRecord | null {
  const label = plainText(description ?? '')
  if (label === '') return null
  const by = [typeName, explanationModelName].flatMap((name) => (name ? [plainText(name)] : []))
  // What no method and no model wrote, a person did.
  return { id: index, label, label_from: by.join(', '), score: largest(scores), created: createdAt ?? null, user: by.length === 0 }
}

/** What the row of a feature measured. A share and a maximum of 0 together stand for "not measured". */
function measuredOf({ index, frac_nonzero, maxActApprox, pos_str }: Row): LabelRecord | null {
  const measured = (frac_nonzero ?? 0) > 0 || (maxActApprox ?? 0) > 0
  const promoted = (pos_str ?? []).slice(0, PROMOTED).map((token) => JSON.stringify(token))
  if (!measured && promoted.length === 0) return null
  return {
    id: index,
    ...(promoted.length === 0 ? {} : { label: plainText(`promotes ${promoted.join(', ')}`), label_from: 'top tokens', computed: true }),
    ...(measured ? { rate: frac_nonzero ?? null, max: maxActApprox ?? null } : {})
  }
}

/** Scorers are several and all run to 1: an explanation is worth the best of its scores. */
function largest(scores: z.infer<typeof Scores> | undefined): number | null {
  const values = (scores ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]))
  return values.length === 0 ? null : Math.max(...values)
}
