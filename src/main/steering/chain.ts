/**
 * Reading text through a chain, many columns at once:
 *
 *   tokens -> segment -> hook values -> edits -> segment -> ... -> logits          each segment with its own key/value cache
 *
 * What lies before the first cut never sees an edit, so what columns share (the prompt, a finished text) goes through it once.
 */
import { assert } from '../../shared/errors'
import { appendKeyValues, emptyKeyValues, pastPositions, positionsFrom, type KeyValues } from '../models'
import { f32, floatsOf, i64, outputOf } from '../runtime'
import type { Feeds, Tensor } from '../runtime/types'
import { cacheOfRows, stackFeeds, takeFeedRows, takeRows } from './cache'
import type { CompiledRecipe } from './compile'
import { editHookValues, type Gates, type Hooked } from './edit'
import type { Chain, RunningSegment } from './open'

/** What has been read so far: how many tokens, and the cache of each segment. The first has one row while all columns share their text. */
export interface ChainReading {
  readonly length: number
  readonly caches: readonly KeyValues[]
}

/** A piece of text: one row of tokens for all columns, or one for each, all of the same length. */
export interface Piece {
  readonly text: readonly (readonly number[])[]
  readonly promptLength: number
  /** Indices of `text` after which logits are wanted. */
  readonly select: readonly number[]
}

/** What columns do to the piece: recipes (null: nothing), where their conditions hold, and the attention patterns they are given. */
export interface Acting {
  readonly recipes: readonly (CompiledRecipe | null)[]
  readonly gates: readonly Gates[]
  readonly patterns: Feeds
}

export interface ChainRead {
  /** [columns, select.length, d_vocab] */
  readonly logits: Tensor<Float32Array>
  /** ||edited - before|| / ||before|| at each token of the piece, the largest over cuts, [columns x seq]. */
  readonly sizes: Float32Array
  /** Attention patterns that the chain hands out, by name. */
  readonly patterns: Feeds
  /** Hook values at each cut after its edits, [columns, seq, width]. */
  readonly after: ReadonlyMap<string, Tensor<Float32Array>>
  /** What else is read at each cut, in the order of `Cut.reads`, [columns, seq, d_in]. */
  readonly inputs: ReadonlyMap<string, readonly Tensor<Float32Array>[]>
  readonly reading: ChainReading
}

/** Largest memory for the attention scores of one run, in bytes; more columns than fit go one after the other. */
const SCORES_BYTES = 256 * 2 ** 20

/** Nothing read yet, for `columns` columns that share their text. */
export function startChain({ model, segments }: Chain, columns: number): ChainReading {
  return { length: 0, caches: segments.map(({ layers }, at) => emptyKeyValues(model, layers, at === 0 ? 1 : columns)) }
}

/** Gives each column its own copy of a shared first cache, so that the columns can part. */
export function partChain({ length, caches }: ChainReading, columns: number): ChainReading {
  const rows = new Array<number>(columns).fill(0)
  return { length, caches: caches.map((cache, at) => (at === 0 ? cacheOfRows(cache, length, rows) : cache)) }
}

/** Goes on with some columns only. The first cache must have been parted. */
export function keepChain({ length, caches }: ChainReading, rows: readonly number[]): ChainReading {
  return { length, caches: caches.map((cache) => cacheOfRows(cache, length, rows)) }
}

/** Reads a piece. Rejects with RUNTIME_FAILED, OUT_OF_MEMORY, NUMBERS_NOT_FINITE. */
export async function readChain(chain: Chain, reading: ChainReading, piece: Piece, acting: Acting): Promise<ChainRead> {
  const { text, promptLength, select } = piece
  const { recipes, gates } = acting
  const columns = recipes.length
  const seq = text[0]?.length ?? 0
  assert(seq > 0 && text.every((row) => row.length === seq), 'all rows of a batch have the same length')
  assert(text.length === 1 || text.length === columns, 'there is one text for all columns or one for each')
  const { tokenizer } = chain.model
  const rowOf = (row: number): readonly number[] => text[text.length === 1 ? 0 : row] ?? []
  const special = (row: number, offset: number): boolean => tokenizer.token(rowOf(row)[offset] ?? 0).special
  const span = { first: reading.length, promptLength, special }
  const sizes = new Float32Array(columns * seq)
  const caches: KeyValues[] = []
  const values = new Map<string, Tensor<Float32Array>>()
  const inputs = new Map<string, readonly Tensor<Float32Array>[]>()
  const handed: Feeds[] = []
  const chosen = rowsToRead(select, seq)
  const step = { positions: positionsFrom(reading.length, seq), select: i64([chosen.length], chosen), reading, seq }
  let feeds: Feeds = { tokens: i64([text.length, seq], text.flat()) }
  for (const [at, segment] of chain.segments.entries()) {
    const given = patternsFor(segment, acting.patterns, feeds)
    const outputs = await runRows(chain, segment, at, { ...feeds, ...given }, step)
    const cache = reading.caches[at]
    assert(cache, 'every segment has its cache')
    caches.push(appendKeyValues(cache, reading.length, outputs))
    handed.push(patternsOf(segment, outputs, columns))
    const cut = chain.cuts[at]
    if (cut === undefined) {
      feeds = { logits: lastRows(spread(outputs, 'logits', columns), select.length) }
      break
    }
    const after = segment.gives.has('hook') ? '' : '_out'
    const hooked = hookedOf(cut.reads, outputs, `hook${after}`, columns)
    const edited = await editHookValues(cut, hooked, recipes, span, gates)
    edited.sizes?.forEach((size, i) => (sizes[i] = Math.max(sizes[i] ?? 0, size)))
    values.set(cut.hook, edited.value)
    inputs.set(cut.hook, hooked.inputs)
    feeds = { hook: edited.value, ...(outputs[`beside${after}`] ? { beside: spread(outputs, `beside${after}`, columns) } : {}) }
  }
  const logits = feeds.logits
  assert(logits?.data instanceof Float32Array, 'the last segment yields logits')
  const patterns: Feeds = Object.fromEntries(handed.flatMap((some) => Object.entries(some)))
  return {
    logits: f32(logits.dims, logits.data),
    sizes,
    patterns,
    after: values,
    inputs,
    reading: { length: reading.length + seq, caches }
  }
}

/**
 * Of a longer piece never one row alone is read in the last block, but with another before it: the runtime multiplies a single row by another
 * kernel, so that a column's last bits would tell whether one beside it had the last block cut, where all rows are read.
 */
function rowsToRead(select: readonly number[], seq: number): readonly number[] {
  const [only = 0] = select
  return select.length !== 1 || seq === 1 ? select : [only === 0 ? 1 : only - 1, only]
}

/** The last `count` of the rows of each column. */
function lastRows(logits: Tensor<Float32Array>, count: number): Tensor<Float32Array> {
  const [columns = 0, rows = 0, size = 0] = logits.dims
  if (rows === count) return logits
  const data = new Float32Array(columns * count * size)
  for (let column = 0; column < columns; column++) {
    const end = (column + 1) * rows * size
    data.set(logits.data.subarray(end - count * size, end), column * count * size)
  }
  return f32([columns, count, size], data)
}

interface Step {
  readonly positions: Tensor
  readonly select: Tensor
  readonly reading: ChainReading
  readonly seq: number
}

/** Runs a segment, in as many runs as the memory for attention scores asks for. */
async function runRows(
  { model }: Chain,
  segment: RunningSegment,
  at: number,
  feeds: Feeds,
  step: Step
): Promise<Readonly<Record<string, Tensor>>> {
  const { session, takes } = segment
  const { positions, select, reading, seq } = step
  const rows = Object.values(feeds)[0]?.dims[0] ?? 1
  const { tensors = {}, room = 0 } = reading.caches[at] ?? {}
  const scoresOfOne = 4 * model.config.n_heads * seq * (room + seq)
  const atOnce = Math.max(1, Math.floor(SCORES_BYTES / scoresOfOne))
  const common: Feeds = {
    ...(takes.has('positions') ? { positions } : {}),
    ...(takes.has('past_positions') ? { past_positions: pastPositions(reading.length, room) } : {}),
    ...(takes.has('select') ? { select } : {})
  }
  if (rows <= atOnce) return session.run({ ...feeds, ...tensors, ...common })
  const parts: Readonly<Record<string, Tensor>>[] = []
  for (let start = 0; start < rows; start += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, rows - start) }, (_, index) => start + index)
    parts.push(await session.run({ ...takeFeedRows({ ...feeds, ...tensors }, some), ...common }))
  }
  return stackFeeds(parts)
}

/** What the columns share, once for each of them. */
function spread(outputs: Readonly<Record<string, Tensor>>, name: string, columns: number): Tensor<Float32Array> {
  const found = f32(outputOf(outputs, name).dims, floatsOf(outputs, name))
  return found.dims[0] === columns ? found : takeRows(found, new Array<number>(columns).fill(0))
}

function hookedOf(reads: readonly string[], outputs: Readonly<Record<string, Tensor>>, hook: string, columns: number): Hooked {
  const shared = columns > 1 && outputOf(outputs, hook).dims[0] === 1
  const names = reads.length === 1 ? ['also'] : reads.map((_, i) => `at.${i}`)
  return { value: spread(outputs, hook, columns), inputs: names.map((name) => spread(outputs, name, columns)), shared }
}

const isPattern = (name: string): boolean => name.startsWith('pattern.')

/** The patterns a segment is given; where its columns share their text, those of the first. */
function patternsFor({ takes }: RunningSegment, given: Feeds, feeds: Feeds): Feeds {
  const rows = Object.values(feeds)[0]?.dims[0] ?? 1
  return Object.fromEntries(
    [...takes].filter(isPattern).map((name) => {
      const pattern = given[name]
      assert(pattern, `the attention pattern ${name} is at hand`)
      return [name, pattern.dims[0] === rows ? pattern : takeRows(pattern, [0])]
    })
  )
}

function patternsOf({ gives }: RunningSegment, outputs: Readonly<Record<string, Tensor>>, columns: number): Feeds {
  return Object.fromEntries([...gives].filter(isPattern).map((name) => [name, spread(outputs, name, columns)]))
}
