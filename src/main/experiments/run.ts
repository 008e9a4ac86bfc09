/** Runs an experiment part by part; those that are done already are left out. */
import { fail } from '../../shared/errors'
import type {
  ExperimentManifest,
  ExperimentName,
  ExperimentPart,
  ExperimentResult,
  ExperimentSettings
} from '../../shared/records/experiment'
import type { SaeReading } from '../../shared/records/model'
import type { SetPrompt } from '../../shared/records/sets'
import { breathe, type Task } from '../../shared/task'
import type { Bench } from '../attribution'
import { experimentOf } from './index'
import type { Places } from './types'

/** What is to be done. */
export interface ExperimentRun {
  readonly experiment: ExperimentName
  readonly settings: ExperimentSettings
  readonly prompts: readonly SetPrompt[]
  /** Parts of the same experiment, settings and prompts that are there already. */
  readonly done: readonly ExperimentPart[]
  readonly reading: SaeReading
}

/** A part as it is handed out, with what the parts so far come to, now and then. */
export interface PartDone {
  readonly part: number
  readonly parts: number
  readonly data: unknown
  readonly preview: ExperimentResult | null
}

/** Milliseconds between two looks at the result so far: making it takes a bootstrap over all parts. */
const PREVIEW_MILLISECONDS = 3000

/**
 * Computes the parts that are missing, one after the other, and makes the result of all. Rejects with Cancelled between parts.
 * @throws EXPERIMENT_SETTING, EXPERIMENT_PART, EXPERIMENT_NO_ANSWERS, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function runExperiment(
  bench: Bench,
  places: Places,
  run: ExperimentRun,
  task: Task,
  onPart: (part: PartDone) => void
): Promise<{ parts: number; result: ExperimentResult; manifest: ExperimentManifest }> {
  const started = performance.now()
  const experiment = experimentOf(run.experiment)
  const settings = experiment.settings(run.settings)
  const { prompts } = run
  if (experiment.info.needsAnswers && prompts.every(({ answer }) => answer === null || answer.trim() === ''))
    fail('EXPERIMENT_NO_ANSWERS', { experiment: experiment.info.title })
  const parts = experiment.parts(prompts, settings)
  const stray = run.done.find(({ part }) => part < 0 || part >= parts)
  if (stray) fail('EXPERIMENT_PART', { experiment: experiment.info.title, part: stray.part, reason: `there are ${parts} parts` })
  const found = new Map(run.done.map((part) => [part.part, part]))
  // What is there already is looked at before anything is computed.
  experiment.result(prompts, settings, [...found.values()])
  let shown = performance.now()
  for (let part = 0; part < parts; part++) {
    if (found.has(part)) continue
    task.progress(experiment.info.title, found.size, parts)
    await breathe(task)
    const made = await experiment.runPart({ bench, places, prompts, settings }, part, quietly(task))
    found.set(part, made)
    const due = performance.now() - shown > PREVIEW_MILLISECONDS
    const preview = due ? experiment.result(prompts, settings, [...found.values()]) : null
    if (due) shown = performance.now()
    onPart({ part, parts, data: made.data, preview })
  }
  task.progress(experiment.info.title, parts, parts)
  const result = experiment.result(prompts, settings, [...found.values()])
  return { parts, result, manifest: manifestOf(bench, run, settings, performance.now() - started) }
}

/** The stages within a part would hide how many parts there are. */
function quietly({ signal }: Task): Task {
  return { signal, progress: () => undefined }
}

function manifestOf(
  { sessions, encoder, hook, versions }: Bench,
  { experiment, prompts, reading }: ExperimentRun,
  settings: ExperimentSettings,
  milliseconds: number
): ExperimentManifest {
  const { model, requested } = sessions
  const { sae, device } = encoder
  const used = [...new Set([sessions.device()?.used ?? requested, device.used])].join(' + ')
  return {
    experiment,
    settings,
    bench: {
      model: { name: model.name, path: model.folder, hash: model.hash },
      sae: { name: sae.name, path: sae.path, hash: sae.hash, reading },
      hook,
      device: { requested, used }
    },
    prompts: [...prompts],
    versions: { ...versions },
    createdAt: new Date().toISOString(),
    milliseconds
  }
}
