/**
 * Reading many finished texts at once: the log-probability of each generated token, and the mean activations of SAEs over the generated
 * positions. Texts of a batch are padded at their ends, which a causal model's earlier positions do not see; they are read in pieces with a
 * cache, so that memory does not grow with their length times the vocabulary.
 */
import { assert } from '../../../shared/errors'
import type { Recipe } from '../../../shared/records/steering'
import { breathe, type Task } from '../../../shared/task'
import { canonicalHook } from '../../models'
import type { ActiveLatents } from '../../saes'
import { saeOf, type SteeringSaes } from '../compile'
import type { Cut } from '../editor'
import type { Steering } from '../open'
import { partColumns, readColumns, startReading, type ColumnsRead } from '../read'
import { logTotal } from '../sampling'

/** Largest number of logits held at once: 64 MiB of float32. */
const LOGITS_AT_ONCE = 2 ** 24
/** Positions that are encoded at once: with them even an SAE of 2^17 latents stays within what encoding may take. */
const ENCODED_AT_ONCE = 256

/** One text under one recipe. */
export interface TextRow {
  /** Prompt and generated tokens. */
  readonly ids: readonly number[]
  readonly promptLength: number
  /** One that the steering was opened with; null reads unsteered. */
  readonly recipe: Recipe | null
  /** Whether the generated tokens' log-probabilities are wanted. */
  readonly logprobs: boolean
  /** Keys of SAEs whose means are wanted, of those the steering was opened with as `encoded`. */
  readonly encoded: readonly string[]
}

/** Means over a text's generated positions. */
export interface LatentMeans {
  /** Of each latent's activation, [d_sae]. */
  readonly mean: Float64Array
  /** Of the largest activation over all latents. */
  readonly largest: number
}

export interface RowRead {
  /** In nats, one for each generated token; empty where they were not wanted. */
  readonly logprobs: readonly number[]
  /** By key. */
  readonly means: ReadonlyMap<string, LatentMeans>
}

/** Sums that become means. */
interface Sums {
  readonly sum: Float64Array
  largest: number
}

/**
 * Reads one batch. Rows with a recipe must have prompts of the same length, which is what their edits' positions are counted from; every row
 * has a prompt and a generated token at least. Cancel takes effect between pieces.
 * @throws NUMBERS_NOT_FINITE, SAE_TOO_WIDE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function readTexts(
  steering: Steering,
  saes: SteeringSaes,
  rows: readonly TextRow[],
  task: Task,
  logitsAtOnce = LOGITS_AT_ONCE
): Promise<RowRead[]> {
  const { d_vocab } = steering.plain.model.config
  const steered = rows.filter(({ recipe }) => recipe !== null)
  const promptLength = (steered[0] ?? rows[0])?.promptLength ?? 0
  assert(
    steered.every((row) => row.promptLength === promptLength),
    'steered rows of a batch have prompts of one length'
  )
  const longest = Math.max(...rows.map(({ ids }) => ids.length))
  const first = Math.min(...rows.map((row) => row.promptLength)) - 1
  const size = Math.max(1, Math.floor(logitsAtOnce / (rows.length * d_vocab)))
  const logprobs = rows.map((): number[] => [])
  const sums = rows.map(({ encoded }) => new Map(encoded.map((key): [string, Sums] => [key, emptySums(saes, key)])))
  let reading = partColumns(
    startReading(
      steering,
      rows.map(({ recipe }) => recipe)
    )
  )
  while (reading.length < longest) {
    await breathe(task)
    const start = reading.length
    const end = Math.min(longest, Math.max(start, first) + size)
    const text = rows.map(({ ids }) => Array.from({ length: end - start }, (_, offset) => ids[start + offset] ?? 0))
    const select = Array.from({ length: end - Math.max(start, first) }, (_, index) => Math.max(0, first - start) + index)
    const read = await readColumns(reading, { text, promptLength, select })
    reading = read.reading
    rows.forEach((row, column) => takeLogprobs(row, read, column, start, select, logprobs[column] ?? []))
    for (const cut of steering.plain.cuts) await takeActivations(cut, saes, rows, read, start, end, sums)
  }
  return rows.map(({ ids, promptLength: own }, column) => ({
    logprobs: logprobs[column] ?? [],
    means: new Map([...(sums[column] ?? [])].map(([key, found]) => [key, meansOf(found, ids.length - own)]))
  }))
}

/** The log-probabilities of tokens that follow selected positions: that of token i comes after position i - 1. */
function takeLogprobs(row: TextRow, read: ColumnsRead, column: number, start: number, select: readonly number[], into: number[]): void {
  if (!row.logprobs) return
  const [, count = 0, size = 0] = read.logits.dims
  select.forEach((offset, index) => {
    const next = start + offset + 1
    const id = row.ids[next]
    if (next < row.promptLength || id === undefined) return
    const logits = read.logits.data.subarray((column * count + index) * size, (column * count + index + 1) * size)
    into.push((logits[id] ?? NaN) - logTotal(logits, 'reading a generated text'))
  })
}

/** One generated position of one row, by its offset in the piece. */
interface Place {
  readonly column: number
  readonly offset: number
}

async function takeActivations(
  cut: Cut,
  saes: SteeringSaes,
  rows: readonly TextRow[],
  read: ColumnsRead,
  start: number,
  end: number,
  sums: readonly ReadonlyMap<string, Sums>[]
): Promise<void> {
  for (const key of cut.saes.keys()) {
    const places = rows.flatMap(({ ids, promptLength, encoded }, column): Place[] => {
      if (!encoded.includes(key)) return []
      const from = Math.max(start, promptLength)
      return Array.from({ length: Math.max(0, Math.min(end, ids.length) - from) }, (_, i) => ({ column, offset: from - start + i }))
    })
    const { encoder, hook } = saeOf(saes, key)
    assert(canonicalHook(hook) === canonicalHook(cut.hook), 'an SAE is read where the model is cut for it')
    for (let at = 0; at < places.length; at += ENCODED_AT_ONCE) {
      const some = places.slice(at, at + ENCODED_AT_ONCE)
      const input = gather(some, encoder.sae.d_in, (column) => read.input(cut, key, column))
      const value = gather(some, encoder.sae.d_out, (column) => read.after(cut.hook, column))
      const active = await encoder.encode(input, some.length, value)
      some.forEach(({ column }, position) => addPosition(sums[column]?.get(key), active, position))
    }
  }
}

/** The rows of some places, [places, width]. */
function gather(places: readonly Place[], width: number, of: (column: number) => Float32Array): Float32Array {
  const data = new Float32Array(places.length * width)
  places.forEach(({ column, offset }, i) => data.set(of(column).subarray(offset * width, (offset + 1) * width), i * width))
  return data
}

function addPosition(sums: Sums | undefined, { latents, Z }: ActiveLatents, position: number): void {
  if (sums === undefined) return
  let largest = 0
  for (let u = 0; u < latents.length; u++) {
    const activation = Z[position * latents.length + u] ?? 0
    if (activation === 0) continue
    const latent = latents[u] ?? 0
    sums.sum[latent] = (sums.sum[latent] ?? 0) + activation
    if (activation > largest) largest = activation
  }
  sums.largest += largest
}

function emptySums(saes: SteeringSaes, key: string): Sums {
  return { sum: new Float64Array(saeOf(saes, key).encoder.sae.d_sae), largest: 0 }
}

function meansOf({ sum, largest }: Sums, positions: number): LatentMeans {
  return { mean: sum.map((total) => total / positions), largest: largest / positions }
}
