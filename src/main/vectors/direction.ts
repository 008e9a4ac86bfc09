/**
 * A direction as the difference of means of hook values over two groups of prompts:
 *
 *   r = float32( (1/n) sum over the n prompts of the first group of v(prompt)  -  the same of the second group )
 *
 * v(prompt) is the value at its last position, or the mean over its positions that hold no special token. Sums run in float64, rounded
 * once. (Difference-in-means steering; methods.md 5.4 has it as AxBench's "DiffMean".)
 */
import { randomUUID } from 'node:crypto'
import { assert, fail } from '../../shared/errors'
import type { Direction } from '../../shared/records/steering'
import type { PromptInput } from '../../shared/records/token'
import { breathe, type Task } from '../../shared/task'
import { hookValuesOf } from '../attribution'
import { checkHook, promptIds, widthOf, type ModelSessions } from '../models'
import { vectorToText } from '../steering/vector-text'

/** Positions of one run, padding included. */
const POSITIONS_AT_ONCE = 2048

export interface PromptGroup {
  readonly name: string
  readonly prompts: readonly PromptInput[]
}

export interface DirectionRequest {
  readonly hook: string
  readonly name: string
  /** Mean of these minus mean of those. */
  readonly groups: readonly [PromptGroup, PromptGroup]
  readonly position: 'last' | 'mean'
}

/**
 * The difference of means at a hook point, [width of the hook point]. Prompts of about one length share a run; cancel is heard between runs
 * (rejects with Cancelled).
 * @throws HOOK_UNKNOWN, PROMPT_EMPTY, PROMPT_TOO_LONG, PROMPT_ONLY_SPECIAL, TOKEN_UNKNOWN, NUMBERS_NOT_FINITE, DIRECTION_INVALID where
 * both means are the same
 */
export async function meanDifference(
  sessions: ModelSessions,
  { hook, name, groups, position }: DirectionRequest,
  task: Task
): Promise<Direction> {
  const { model } = sessions
  checkHook(model, hook)
  const total = groups.reduce((sum, { prompts }) => sum + prompts.length, 0)
  const means: Float64Array[] = []
  let done = 0
  for (const { prompts } of groups) {
    const texts = prompts.map((prompt) => promptIds(model, prompt)).sort((a, b) => a.length - b.length)
    const sum = new Float64Array(widthOf(model.config, hook))
    for (const batch of batchesOf(texts)) {
      await breathe(task)
      task.progress('Reading prompts', done, total)
      const values = await hookValuesOf({ sessions, hook, reads: hook }, batch)
      batch.forEach((ids, row) =>
        addValue(sum, values[row]?.value ?? new Float32Array(), countedOf(ids, position, model.tokenizer.specialIds))
      )
      done += batch.length
    }
    means.push(sum.map((number) => number / texts.length))
  }
  const [first, second] = means
  assert(first && second, 'there are two groups')
  const difference = Float32Array.from(first, (number, index) => number - (second[index] ?? 0))
  if (difference.every((number) => number === 0)) fail('DIRECTION_INVALID', { name, reason: 'the means of both groups are the same' })
  return { id: randomUUID(), name, hook, vector: vectorToText(difference), origin: originOf(groups, position) }
}

/** Neighbours of the list, so that none is padded beyond the longest of its batch. */
function batchesOf(texts: readonly number[][]): number[][][] {
  const batches: number[][][] = []
  let current: number[][] = []
  for (const ids of texts) {
    if (current.length > 0 && (current.length + 1) * ids.length > POSITIONS_AT_ONCE) {
      batches.push(current)
      current = []
    }
    current.push(ids)
  }
  return current.length > 0 ? [...batches, current] : batches
}

/** Positions of a prompt that count. */
function countedOf(ids: readonly number[], position: 'last' | 'mean', special: ReadonlySet<number>): number[] {
  if (position === 'last') return [ids.length - 1]
  const counted = [...ids.keys()].filter((index) => !special.has(ids[index] ?? -1))
  return counted.length > 0 ? counted : fail('PROMPT_ONLY_SPECIAL')
}

/** Adds the mean of `value` [positions, width] over some positions to `sum` [width]. */
function addValue(sum: Float64Array, value: Float32Array, positions: readonly number[]): void {
  const width = sum.length
  for (const position of positions)
    for (let index = 0; index < width; index++) sum[index] = (sum[index] ?? 0) + (value[position * width + index] ?? 0) / positions.length
}

function originOf([first, second]: DirectionRequest['groups'], position: 'last' | 'mean'): string {
  const count = ({ prompts }: PromptGroup): string => `${prompts.length} prompt${prompts.length === 1 ? '' : 's'}`
  const where = position === 'last' ? 'last position' : 'mean over positions without special tokens'
  return `mean of ${count(first)} of ${first.name} minus mean of ${count(second)} of ${second.name}, ${where}`
}
