/** Experiments: the paper's, and those that say how far to believe a ranking. Their results have one shape, whatever they measure. */
import { z } from 'zod'
import { Interval, SetPrompt } from './sets'

export const ExperimentName = z.enum(['masking', 'transplant', 'faithfulness', 'agreement', 'sweep', 'steerability'])
export type ExperimentName = z.infer<typeof ExperimentName>

/** A cell of a table: text, a number, a number with its interval, or nothing. */
export const ResultCell = z.union([z.string(), z.number(), Interval, z.null()])
export type ResultCell = z.infer<typeof ResultCell>

export const ResultTable = z.object({
  name: z.string(),
  title: z.string(),
  columns: z.array(z.object({ key: z.string(), label: z.string(), unit: z.string().default('') })),
  rows: z.array(z.array(ResultCell)),
  note: z.string().default('')
})
export type ResultTable = z.infer<typeof ResultTable>

/** Lines with a band, drawn and exported alike. */
export const ResultCurve = z.object({
  name: z.string(),
  title: z.string(),
  x: z.object({ label: z.string(), logarithmic: z.boolean().default(false) }),
  y: z.object({ label: z.string() }),
  series: z.array(
    z.object({
      name: z.string(),
      points: z.array(z.object({ x: z.number(), y: z.number(), low: z.number().nullable(), high: z.number().nullable() }))
    })
  ),
  /** Stretches of x that are marked for a series: where a recipe is useful. */
  marks: z.array(z.object({ series: z.string(), from: z.number(), to: z.number() })).optional()
})
export type ResultCurve = z.infer<typeof ResultCurve>

export const ExperimentResult = z.object({
  /** What was found, in one sentence, with its uncertainty. */
  sentence: z.string(),
  prompts: z.number().int(),
  tables: z.array(ResultTable),
  curves: z.array(ResultCurve),
  /** What a reader must know: what was left out, what differs from the paper. */
  notes: z.array(z.string())
})
export type ExperimentResult = z.infer<typeof ExperimentResult>

/** Settings of an experiment as its own schema reads them (main/experiments/): plain JSON. */
export const ExperimentSettings = z.record(z.string(), z.unknown())
export type ExperimentSettings = z.infer<typeof ExperimentSettings>

/** One question about an experiment's settings, from which the page makes a field. */
export const ExperimentField = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    key: z.string(),
    label: z.string(),
    hint: z.string(),
    min: z.number(),
    max: z.number(),
    integer: z.boolean()
  }),
  z.object({
    kind: z.literal('numbers'),
    key: z.string(),
    label: z.string(),
    hint: z.string(),
    min: z.number(),
    max: z.number(),
    integer: z.boolean().optional()
  }),
  z.object({ kind: z.literal('choice'), key: z.string(), label: z.string(), hint: z.string(), options: z.array(z.string()) }),
  z.object({ kind: z.literal('choices'), key: z.string(), label: z.string(), hint: z.string(), options: z.array(z.string()) }),
  z.object({ kind: z.literal('switch'), key: z.string(), label: z.string(), hint: z.string() }),
  z.object({ kind: z.literal('text'), key: z.string(), label: z.string(), hint: z.string() }),
  /** Some of the project's recipes; the setting holds them whole. */
  z.object({ kind: z.literal('recipes'), key: z.string(), label: z.string(), hint: z.string() })
])
export type ExperimentField = z.infer<typeof ExperimentField>

export const ExperimentInfo = z.object({
  name: ExperimentName,
  title: z.string(),
  /** The question it answers. */
  question: z.string(),
  /** How it is measured, and where the procedure comes from. */
  procedure: z.string(),
  /** Whether prompts need an answer. */
  needsAnswers: z.boolean(),
  defaults: ExperimentSettings,
  fields: z.array(ExperimentField)
})
export type ExperimentInfo = z.infer<typeof ExperimentInfo>

/** Everything an experiment's result depends on; a manifest is repeated from this alone. */
export const ExperimentManifest = z.object({
  experiment: ExperimentName,
  settings: ExperimentSettings,
  bench: z.object({
    model: z.object({ name: z.string(), path: z.string(), hash: z.string() }),
    sae: z.object({ name: z.string(), path: z.string(), hash: z.string(), reading: z.unknown() }),
    hook: z.string(),
    device: z.object({ requested: z.string(), used: z.string() })
  }),
  prompts: z.array(SetPrompt),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
  milliseconds: z.number()
})
export type ExperimentManifest = z.infer<typeof ExperimentManifest>

/** What one step of an experiment leaves behind: plain JSON, of which the result is made. */
export const ExperimentPart = z.object({ part: z.number().int(), data: z.unknown() })
export type ExperimentPart = z.infer<typeof ExperimentPart>

export const ExperimentSummary = z.object({
  id: z.string(),
  name: z.string(),
  experiment: ExperimentName,
  model: z.string(),
  sae: z.string(),
  hook: z.string(),
  prompts: z.number().int(),
  done: z.number().int(),
  parts: z.number().int(),
  /** Of finished ones. */
  sentence: z.string().nullable(),
  /** The experiment this one repeats, and whether it came to the same. */
  repeats: z.object({ id: z.string(), same: z.boolean().nullable() }).nullable(),
  notes: z.string(),
  createdAt: z.string()
})
export type ExperimentSummary = z.infer<typeof ExperimentSummary>

/** Where a repeated experiment differs: empty when it reproduced, bit for bit. */
export const Reproduction = z.object({
  same: z.boolean(),
  /** Largest difference between two numbers of the results, and where. */
  largest: z.number(),
  differences: z.array(z.string())
})
export type Reproduction = z.infer<typeof Reproduction>

export const SavedExperiment = ExperimentSummary.extend({
  settings: ExperimentSettings,
  bench: z.object({ model: z.string(), sae: z.string(), hook: z.string().nullable(), device: z.string(), reading: z.unknown() }),
  setPrompts: z.array(SetPrompt),
  manifest: ExperimentManifest.nullable(),
  result: ExperimentResult.nullable(),
  finished: z.array(ExperimentPart),
  /** Of one that repeats another, when both are finished: where it differs. */
  reproduction: Reproduction.nullable().default(null)
})
export type SavedExperiment = z.infer<typeof SavedExperiment>
