/**
 * Looks for the reading under which an SAE describes the model: each cause alone, then further causes on top of the best, as long as
 * that helps.
 */
import type { SaeReading } from '../../shared/records/model'
import type { PreflightTrial } from '../../shared/records/preflight'
import { breathe, type Task } from '../../shared/task'
import { CAUSES, type Circumstances, type Trial } from './causes'
import type { WindowsFit } from './fit'

/** A fit is as good as published SAEs' below this (formats.md section 10). */
export const GOOD_FVU = 0.4
/** Another cause on top counts when it leaves less than this share of what was unexplained. */
const HELPS = 0.9
const ROUNDS = 3

/** How a reading is measured; null where the SAE cannot be read so. */
export type Measure = (reading: SaeReading) => Promise<WindowsFit | null>

export interface Found {
  readonly tried: PreflightTrial[]
  /** The best of them. */
  readonly best: PreflightTrial
}

/**
 * `start` is the reading in use and its fit; `circumstances` tells what the causes look at under a reading; `only` names the causes
 * that are tried, null for all.
 */
export async function search(
  start: PreflightTrial,
  measure: Measure,
  circumstances: (reading: SaeReading) => Promise<Circumstances>,
  task: Task,
  only: readonly string[] | null = null
): Promise<Found> {
  const tried: PreflightTrial[] = []
  const seen = new Set([keyOf(start.reading)])
  let best = start
  let assumed: Assumed = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = best
    const trials = await trialsFrom(before.reading, assumed, circumstances, seen, only)
    for (const [index, trial] of trials.entries()) {
      await breathe(task)
      task.progress('Trying other readings', index, trials.length)
      const fit = await measure(trial.reading)
      if (fit === null) continue
      const found = { words: trial.words, reading: trial.reading, fvu: fit.fvu, l0: fit.l0 }
      tried.push(found)
      if (found.fvu >= best.fvu) continue
      best = found
      assumed = trial.assumed
    }
    // Where only some causes are asked about, one round answers.
    if (only !== null || best.fvu < GOOD_FVU || best.fvu > HELPS * before.fvu) break
  }
  return { tried, best }
}

/** What has been assumed so far: causes with the keys of the reading they set. A later cause takes the place of one it contradicts. */
type Assumed = readonly { readonly words: string; readonly keys: readonly string[] }[]

interface Next extends Trial {
  readonly assumed: Assumed
}

/** Every cause on top of a reading, in words that name all that is assumed. */
async function trialsFrom(
  from: SaeReading,
  assumed: Assumed,
  circumstances: (reading: SaeReading) => Promise<Circumstances>,
  seen: Set<string>,
  only: readonly string[] | null
): Promise<Next[]> {
  const around = await circumstances(from)
  const causes = CAUSES.filter(({ name }) => only === null || only.includes(name))
  return causes
    .flatMap((cause) => cause.trials(around))
    .flatMap(({ words, reading }) => {
      const joined = { ...from, ...reading }
      if (seen.has(keyOf(joined))) return []
      seen.add(keyOf(joined))
      const keys = Object.keys(reading)
      const all = [...assumed.filter((each) => !each.keys.some((key) => keys.includes(key))), { words, keys }]
      return [{ words: sentence(all.map((each) => each.words)), reading: joined, assumed: all }]
    })
}

function sentence([first = '', ...more]: readonly string[]): string {
  return [first, ...more.map((words) => words.charAt(0).toLowerCase() + words.slice(1))].join(', and ')
}

function keyOf(reading: SaeReading): string {
  return JSON.stringify(Object.entries(reading).sort(([a], [b]) => a.localeCompare(b)))
}
