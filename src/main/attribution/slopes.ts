/** The gradient a method asks for, of several prepared prompts at once: at the values it writes, averaged along a path, or the direct one. */
import { assert } from '../../shared/errors'
import { breathe, type Task } from '../../shared/task'
import { widthOf } from '../models'
import type { Session } from '../runtime/types'
import type { Bench } from './bench'
import type { GradientSession } from './gradient-session'
import { baseOf, type Prepared } from './prepare'
import type { Term } from './types'

/** Points of a path when none are asked for. */
export const STEPS = 16
/** Positions of one run of path points together: more are no quicker on a processor, and cancel is heard between runs only. */
const RUN_POSITIONS = 1024

/** What the backward pass says of one prompt. */
export interface Slope {
  /** The token of each term: the one asked for, or the greedy one at the values that the method writes. */
  readonly ids: readonly number[]
  /** Logits at each term's place, at the values that the method writes. */
  readonly logits: readonly Float32Array[]
  /** d target / d hook values as the method takes it, [positions, width]. */
  readonly gradient: Float32Array
  readonly device: Session['device']
}

/** One run of the session: hook values with their terms. */
interface Row {
  readonly values: Float32Array
  readonly beside: Float32Array | null
  readonly terms: readonly Term[]
}

/** @throws DIRECT_PATH_UNKNOWN, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY; rejects with Cancelled between runs of a path */
export async function slopesOf(bench: Bench, prepared: readonly Prepared[], task: Task): Promise<Slope[]> {
  const [first] = prepared
  assert(first, 'there is a prompt')
  const { method, target, frozen } = first
  const along = method.gradient === 'path'
  const session = await bench.gradient({ reading: target.reading, frozen, direct: method.gradient === 'direct' })
  const rows = prepared.map(({ substituted, own, plan }) => ({ values: substituted, beside: own.beside, terms: plan.terms }))
  const points = await runRows(bench, session, rows)
  const found = points.map(({ ids, logits, gradient }) => ({ ids, logits, gradient, device: session.device }))
  if (!along) return found
  const out: Slope[] = []
  for (const [index, one] of prepared.entries()) {
    const point = found[index]
    assert(point, 'every prompt has a gradient')
    out.push({ ...point, gradient: await alongPath(bench, session, one, point.ids, task) })
  }
  return out
}

/** The mean gradient at the midpoints of the path from `baseOf` to the values written, the tokens held. Sums in float64. */
async function alongPath(
  bench: Bench,
  session: GradientSession,
  prepared: Prepared,
  ids: readonly number[],
  task: Task
): Promise<Float32Array> {
  const { substituted, own, plan, request } = prepared
  const steps = request.steps ?? STEPS
  const base = baseOf(prepared)
  const terms = plan.terms.map((term, index) => ({ ...term, id: ids[index] ?? term.id }))
  const atOnce = Math.max(1, Math.floor(RUN_POSITIONS / plan.ids.length))
  const sum = new Float64Array(substituted.length)
  for (let step = 0; step < steps; step += atOnce) {
    await breathe(task)
    task.progress('Following the path', step, steps)
    const rows = Array.from({ length: Math.min(atOnce, steps - step) }, (_, row) => {
      const share = (step + row + 0.5) / steps
      return { values: substituted.map((value, i) => (base[i] ?? 0) + share * (value - (base[i] ?? 0))), beside: own.beside, terms }
    })
    for (const { gradient } of await runRows(bench, session, rows)) gradient.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value))
  }
  return Float32Array.from(sum, (value) => value / steps)
}

async function runRows(
  { sessions, hook }: Bench,
  session: GradientSession,
  rows: readonly Row[]
): Promise<{ ids: number[]; logits: Float32Array[]; gradient: Float32Array }[]> {
  const { config } = sessions.model
  const width = widthOf(config, hook)
  const lengths = rows.map(({ values }) => values.length / width)
  const positions = Math.max(...lengths)
  const [only] = rows
  const besides = rows.flatMap(({ beside }) => (beside ? [beside] : []))
  const run = await session.run({
    batch: rows.length,
    positions,
    values:
      rows.length === 1 && only
        ? only.values
        : padded(
            rows.map(({ values }) => values),
            positions * width
          ),
    beside: besides.length === rows.length ? padded(besides, positions * config.d_model) : null,
    terms: rows.flatMap(({ terms }, row) => terms.map((term) => ({ ...term, row })))
  })
  let term = 0
  return rows.map(({ terms }, row) => {
    const [from, to] = [term, (term += terms.length)]
    const start = row * positions * width
    return {
      ids: run.ids.slice(from, to),
      logits: run.logits.slice(from, to),
      gradient: run.gradient.subarray(start, start + (lengths[row] ?? 0) * width)
    }
  })
}

/** Rows one after the other, each filled up with zeros to `size`. */
function padded(rows: readonly Float32Array[], size: number): Float32Array {
  const out = new Float32Array(rows.length * size)
  rows.forEach((values, row) => out.set(values, row * size))
  return out
}
