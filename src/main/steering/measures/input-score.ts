/**
 * Input score of a latent (Arad et al. 2025, arXiv 2505.20063; methods.md 5.3): how well what it promotes describes what it fires on.
 *
 *   S_in = (1 / |E|) sum over examples e in E of 1[ the token of e at which the latent is most active is in T ]
 *
 * E are up to 100 texts on which the latent is most active, at least 10; T its 20 most promoted tokens (promoted.ts). The paper takes E
 * from Neuronpedia; here they are the contexts that its labels keep, or the strongest of any texts.
 */
import { breathe, type Task } from '../../../shared/task'
import { hookValuesOf } from '../../attribution'
import type { ModelSessions } from '../../models'
import { activationOf } from '../../saes'
import type { SteeringSae } from '../compile'

/** Most examples that count, and fewest that say anything. */
export const EXAMPLES = 100
export const FEWEST_EXAMPLES = 10
/** Positions of one run, padding included. */
const POSITIONS_AT_ONCE = 2048

/** A text and the index of the token at which the latent is most active. A label's context is one. */
export interface Example {
  readonly ids: readonly number[]
  readonly at: number
}

/** S_in over the first 100 examples, from 0 to 1; null where there are fewer than `fewest`. */
export function inputScore(promoted: ReadonlySet<number>, examples: readonly Example[], fewest = FEWEST_EXAMPLES): number | null {
  const counted = examples.slice(0, EXAMPLES)
  if (counted.length === 0 || counted.length < fewest) return null
  return counted.filter(({ ids, at }) => promoted.has(ids[at] ?? -1)).length / counted.length
}

/**
 * The texts on which each latent is most active, strongest first, of equally strong ones the earlier: at most 100, and only those on which it
 * is active at all. Special tokens are read but not counted: what an SAE does at BOS says nothing about text. Cancel takes effect between runs.
 * @throws NUMBERS_NOT_FINITE, SAE_TOO_WIDE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function strongestExamples(
  sessions: ModelSessions,
  { encoder, hook, reads }: SteeringSae,
  latents: readonly number[],
  texts: readonly (readonly number[])[],
  task: Task
): Promise<Map<number, Example[]>> {
  const { specialIds } = sessions.model.tokenizer
  const peaks = new Map(latents.map((latent): [number, Peak[]] => [latent, []]))
  let done = 0
  for (const batch of batchesOf(texts)) {
    await breathe(task)
    task.progress('Reading examples', done, texts.length)
    const values = await hookValuesOf(
      { sessions, hook, reads },
      batch.map(({ ids }) => ids)
    )
    for (const [row, { ids, order }] of batch.entries()) {
      const own = values[row]
      if (own === undefined) continue
      const active = await encoder.encode(own.input, ids.length, own.value)
      for (const [latent, found] of peaks) {
        let [activation, at] = [0, -1]
        for (const [position, id] of ids.entries()) {
          const z = specialIds.has(id) ? 0 : activationOf(active, position, latent)
          if (z > activation) [activation, at] = [z, position]
        }
        if (at >= 0) found.push({ ids, at, activation, order })
      }
    }
    done += batch.length
  }
  return new Map([...peaks].map(([latent, found]) => [latent, strongest(found)]))
}

interface Peak extends Example {
  readonly activation: number
  readonly order: number
}

function strongest(found: readonly Peak[]): Example[] {
  return [...found]
    .sort((a, b) => b.activation - a.activation || a.order - b.order)
    .slice(0, EXAMPLES)
    .map(({ ids, at }) => ({ ids, at }))
}

interface Ordered {
  readonly ids: readonly number[]
  readonly order: number
}

/** Texts of about one length together; empty ones are left out. */
function batchesOf(texts: readonly (readonly number[])[]): Ordered[][] {
  const sorted = texts.map((ids, order) => ({ ids, order })).filter(({ ids }) => ids.length > 0)
  sorted.sort((a, b) => a.ids.length - b.ids.length)
  const batches: Ordered[][] = []
  let current: Ordered[] = []
  for (const text of sorted) {
    if (current.length === 0 || (current.length + 1) * text.ids.length > POSITIONS_AT_ONCE) {
      current = []
      batches.push(current)
    }
    current.push(text)
  }
  return batches
}
