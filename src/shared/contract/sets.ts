/** Calls for prompt sets. The engine computes batches and streams them; the window hands each to the archive; a batch stored is never run again. */
import { z } from 'zod'
import { Provenance } from '../records/ranking'
import { Aggregate, LatentPrompt, PromptSetSummary, SetColumns, SetPrompt, SetResult, SetRunRecord, SetSettings } from '../records/sets'
import { PreflightSummary } from '../records/preflight'
import { ProjectState } from '../records/project'
import { Bench } from './bench'
import { call } from './call'

const Id = z.object({ id: z.string() })
const State = z.object({ state: ProjectState })
const Created = z.object({ id: z.string(), state: ProjectState })

export const setEngineCalls = {
  /**
   * Ranks every prompt of a set, batch by batch. Which prompts share a batch depends on the set and the settings alone, so results do
   * not depend on where a run is interrupted or how it is divided. Batches in `done` are left out; with `shard` i of n only every n-th.
   */
  'sets.run': call({
    input: Bench.extend({
      settings: SetSettings,
      prompts: z.array(SetPrompt).min(1).max(1_000_000),
      done: z.array(z.number().int()).default([]),
      shard: z.object({ index: z.number().int().nonnegative(), of: z.number().int().min(1) }).default({ index: 0, of: 1 }),
      preflight: PreflightSummary.nullable().optional()
    }),
    output: z.object({ batches: z.number().int(), provenance: Provenance }),
    event: z.object({ batch: z.number().int(), batches: z.number().int(), results: z.array(SetResult) })
  }),
  /** About how long a run would take, from running a few of its prompts. */
  'sets.estimate': call({
    input: Bench.extend({ settings: SetSettings, prompts: z.array(SetPrompt).min(1) }),
    output: z.object({ seconds: z.number(), tried: z.number().int() })
  })
}

export const setArchiveCalls = {
  /** Looks into a CSV or JSONL file: its columns, first rows, and which columns seem to hold what. */
  'sets.read': call({
    input: z.object({ path: z.string() }),
    output: z.object({
      columns: z.array(z.string()),
      rows: z.number().int(),
      first: z.array(z.record(z.string(), z.string())),
      suggestion: SetColumns.nullable()
    })
  }),
  'sets.import': call({ input: z.object({ path: z.string(), name: z.string(), columns: SetColumns }), output: Created }),
  /** A set of the prompts of some of the project's groups; `null` is the prompts without one. */
  'sets.fromGroups': call({ input: z.object({ name: z.string(), groupIds: z.array(z.string().nullable()).min(1) }), output: Created }),
  'sets.get': call({ input: Id, output: PromptSetSummary.extend({ all: z.array(SetPrompt) }) }),
  'sets.update': call({ input: Id.extend({ name: z.string().optional(), notes: z.string().optional() }), output: State }),
  /** Deletes the set with its runs; undo brings both back. */
  'sets.delete': call({ input: Id, output: State }),

  'setRuns.create': call({
    input: z.object({
      setId: z.string(),
      name: z.string(),
      settings: SetSettings,
      bench: z.object({ model: z.string(), sae: z.string(), hook: z.string().nullable(), device: z.string(), reading: z.unknown() }),
      saeHash: z.string(),
      modelName: z.string(),
      saeName: z.string()
    }),
    output: Created
  }),
  'setRuns.get': call({ input: Id, output: SetRunRecord }),
  /** Stores a batch; storing it again changes nothing. Answers when it is on the disk. */
  'setRuns.append': call({
    input: Id.extend({ batch: z.number().int(), batches: z.number().int(), results: z.array(SetResult) }),
    output: z.object({ done: z.number().int() })
  }),
  'setRuns.finish': call({ input: Id.extend({ provenance: Provenance }), output: State }),
  'setRuns.update': call({ input: Id.extend({ name: z.string().optional(), notes: z.string().optional() }), output: State }),
  'setRuns.delete': call({ input: Id, output: State }),
  'setRuns.aggregate': call({
    input: Id.extend({
      topK: z.number().int().min(1).max(1000).default(10),
      groups: z.tuple([z.string(), z.string()]).nullable().default(null),
      limit: z.number().int().min(1).max(5000).default(200),
      resamples: z.number().int().min(100).max(10_000).default(1000),
      seed: z.number().int().default(0)
    }),
    output: Aggregate
  }),
  /** Results of single prompts, without their latents beyond the first `top`. */
  'setRuns.prompts': call({
    input: Id.extend({ top: z.number().int().min(0).max(100).default(5) }),
    output: z.object({ results: z.array(SetResult) })
  }),
  /** Every prompt of the project's runs of the same SAE (by hash) in which the latent was active, best rank first. */
  'setRuns.latent': call({
    input: z.object({ saeHash: z.string(), latent: z.number().int(), limit: z.number().int().default(500) }),
    output: z.object({ prompts: z.array(LatentPrompt), total: z.number().int() })
  }),
  /** One row for each prompt and latent, in the order of the set; beside it `{path}.manifest.json`: the set, settings and provenance. */
  'setRuns.export': call({
    input: Id.extend({ path: z.string(), format: z.enum(['parquet', 'csv', 'jsonl']) }),
    output: z.object({ path: z.string(), bytes: z.number() })
  })
}
