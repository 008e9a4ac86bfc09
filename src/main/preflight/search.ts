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

/** `start` is the reading in use and its fit; `circumstances` tells what the causes look at under a reading. */
export async function search(
  start: PreflightTrial,
  measure: Measure,
  circumstances: (reading: SaeReading) => Promise<Circumstances>,
  task: Task
): Promise<Found> {
  const tried: PreflightTrial[] = []
  const seen = new Set([keyOf(start.reading)])
  let best = start
  for (let round = 0; round < ROUNDS; round++) {
    const before = best
    const trials = await trialsFrom(before, circumstances, seen)
    for (const [index, trial] of trials.entries()) {
      await breathe(task)
      task.progress('Trying other readings', index, trials.length)
      const fit = await measure(trial.reading)
      if (fit === null) continue
      const found = { ...trial, fvu: fit.fvu, l0: fit.l0 }
      tried.push(found)
      if (found.fvu < best.fvu) best = found
    }
    if (best.fvu < GOOD_FVU || best.fvu > HELPS * before.fvu) break
  }
  return { tried, best }
}

/** Every cause on top of a reading, in words that name both. */
async function trialsFrom(
  from: PreflightTrial,
  circumstances: (reading: SaeReading) => Promise<Circumstances>,
  seen: Set<string>
): Promise<Trial[]> {
  const around = await circumstances(from.reading)
  const first = Object.keys(from.reading).length === 0 || from.words === ''
  return CAUSES.flatMap((cause) => cause.trials(around)).flatMap(({ words, reading }) => {
    const joined = { ...from.reading, ...reading }
    if (seen.has(keyOf(joined))) return []
    seen.add(keyOf(joined))
    return [{ words: first ? words : `${from.words}, and ${words.charAt(0).toLowerCase()}${words.slice(1)}`, reading: joined }]
  })
}

function keyOf(reading: SaeReading): string {
  return JSON.stringify(Object.entries(reading).sort(([a], [b]) => a.localeCompare(b)))
}
