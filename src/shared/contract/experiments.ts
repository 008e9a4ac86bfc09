/** Calls for experiments. As with sets, the engine streams finished parts and the archive keeps them, so an experiment goes on where it stopped. */
import { z } from 'zod'
import {
  ExperimentInfo,
  ExperimentManifest,
  ExperimentName,
  ExperimentPart,
  ExperimentResult,
  ExperimentSettings,
  Reproduction,
  SavedExperiment
} from '../records/experiment'
import { ProjectState } from '../records/project'
import { SetPrompt } from '../records/sets'
import { Bench } from './bench'
import { call } from './call'

const Id = z.object({ id: z.string() })
const State = z.object({ state: ProjectState })

export const experimentEngineCalls = {
  'experiments.list': call({ input: z.object({}), output: z.object({ experiments: z.array(ExperimentInfo) }) }),
  /** The question-answer set that ships with the default model; for transplants, with several questions about each story. */
  'experiments.defaultPrompts': call({
    input: z.object({ experiment: ExperimentName.default('masking') }),
    output: z.object({ name: z.string(), prompts: z.array(SetPrompt) })
  }),
  'experiments.run': call({
    input: Bench.extend({
      experiment: ExperimentName,
      settings: ExperimentSettings,
      prompts: z.array(SetPrompt).min(1),
      done: z.array(ExperimentPart).default([])
    }),
    output: z.object({ parts: z.number().int(), result: ExperimentResult, manifest: ExperimentManifest }),
    event: z.object({ part: z.number().int(), parts: z.number().int(), data: z.unknown(), preview: ExperimentResult.nullable() })
  })
}

export const experimentArchiveCalls = {
  'experiments.create': call({
    input: z.object({
      name: z.string(),
      experiment: ExperimentName,
      settings: ExperimentSettings,
      bench: z.object({ model: z.string(), sae: z.string(), hook: z.string().nullable(), device: z.string(), reading: z.unknown() }),
      modelName: z.string(),
      saeName: z.string(),
      prompts: z.array(SetPrompt).min(1),
      /** The experiment that this one repeats. */
      repeats: z.string().nullable().default(null)
    }),
    output: z.object({ id: z.string(), state: ProjectState })
  }),
  'experiments.get': call({ input: Id, output: SavedExperiment }),
  /** Stores a part; storing it again changes nothing. Answers when it is on the disk. */
  'experiments.append': call({
    input: Id.extend({ part: ExperimentPart, parts: z.number().int() }),
    output: z.object({ done: z.number().int() })
  }),
  /** Stores the result; of one that repeats another, says whether it came to the same. */
  'experiments.finish': call({
    input: Id.extend({ result: ExperimentResult, manifest: ExperimentManifest }),
    output: z.object({ state: ProjectState, reproduction: Reproduction.nullable() })
  }),
  'experiments.update': call({ input: Id.extend({ name: z.string().optional(), notes: z.string().optional() }), output: State }),
  'experiments.delete': call({ input: Id, output: State }),
  /** Writes tables and curves with the manifest beside them: a folder, or one JSON file. */
  'experiments.export': call({
    input: Id.extend({ path: z.string(), format: z.enum(['csv', 'json', 'parquet']) }),
    output: z.object({ path: z.string(), bytes: z.number() })
  })
}
