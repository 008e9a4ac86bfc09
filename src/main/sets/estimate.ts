/** About how long a set takes, from running a few of its batches. */
import { breathe, type Task } from '../../shared/task'
import type { Bench } from '../attribution'
import type { Item, SetRequest } from './requests'
import { planSet, runBatch } from './run'

/** Where in the plan, from its shortest batch to its longest, batches are tried. */
const TRIED = [0.1, 0.5, 0.9]

/**
 * Seconds for all of the set, and how many prompts were tried. The first batch is run twice, for the first run loads the model. A batch
 * that was not tried takes as long as the next one tried, in proportion to its positions. Rejects with Cancelled.
 */
export async function estimateSet(bench: Bench, set: SetRequest, task: Task): Promise<{ seconds: number; tried: number }> {
  const { items, batches } = await planSet(bench, set, task)
  const sizes = batches.map((batch) => positionsOf(items, batch))
  const runnable = sizes.flatMap((size, batch) => (size > 0 ? [batch] : []))
  const chosen = [...new Set(TRIED.map((share) => runnable[Math.floor(share * runnable.length)]))].flatMap((batch) => batch ?? [])
  const rates = new Map<number, number>()
  let tried = 0
  for (const [at, batch] of chosen.entries()) {
    task.progress('Trying a few prompts', at, chosen.length)
    const places = batches[batch] ?? []
    if (at === 0) await runBatch(bench, set, items, places, task)
    await breathe(task)
    const started = performance.now()
    await runBatch(bench, set, items, places, task)
    rates.set(batch, (performance.now() - started) / 1000 / (sizes[batch] ?? 1))
    tried += places.length
  }
  const seconds = runnable.reduce((sum, batch) => sum + (sizes[batch] ?? 0) * (rates.get(nearest(chosen, batch)) ?? 0), 0)
  return { seconds, tried }
}

/** Positions that a batch is padded to; 0 where none of its prompts can be run. */
function positionsOf(items: readonly Item[], batch: readonly number[]): number {
  const lengths = batch.flatMap((place) => {
    const item = items[place]
    return item && 'checked' in item ? [item.checked.plan.ids.length] : []
  })
  return lengths.length * Math.max(0, ...lengths)
}

function nearest(chosen: readonly number[], batch: number): number {
  return chosen.reduce((best, one) => (Math.abs(one - batch) < Math.abs(best - batch) ? one : best), chosen[0] ?? batch)
}
