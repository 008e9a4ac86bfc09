/**
 * Reading text with a model cut at the hook point, many columns at once:
 *
 *   tokens -> prefix (cache) -> hook values -> edits -> suffix (cache) -> logits
 *
 * The layers before the hook never see an edit, so what columns share (the prompt, a finished text) goes through the prefix once.
 */
import { assert } from '../../shared/errors'
import type { Recipe } from '../../shared/records/steering'
import { emptyPast, nextPast, positionsFrom } from '../models'
import type { Model } from '../models/types'
import { f32, floatsOf, i64, outputOf } from '../runtime'
import type { Feeds, Session, Tensor } from '../runtime/types'
import { stackCaches, stackRows, takeCacheRows, takeRows } from './cache'
import { editHookValues, type HookEditor } from './edit'

/** A segment with a cache, loaded. */
export interface RunningSegment {
  readonly session: Session
  readonly layers: readonly number[]
}

/** A model ready to be read. Without an SAE there is no cut: `prefix` and `editor` are null and `suffix` takes tokens. */
export interface SteeredModel {
  readonly model: Model
  readonly prefix: RunningSegment | null
  readonly suffix: RunningSegment
  readonly editor: HookEditor | null
}

/** What has been read so far: how many tokens, and the caches of both segments. The prefix cache has one row while all columns share their text. */
export interface Reading {
  readonly length: number
  readonly prefixCache: Feeds
  readonly suffixCache: Feeds
}

/** Largest memory for the attention scores of one suffix run, in bytes; more columns than fit go one after the other. */
const SCORES_BYTES = 256 * 2 ** 20

/** Nothing read yet, for `columns` columns that share their text. */
export function startReading({ model, prefix, suffix }: SteeredModel, columns: number): Reading {
  return {
    length: 0,
    prefixCache: emptyPast(model, prefix?.layers ?? [], 1),
    suffixCache: emptyPast(model, suffix.layers, columns)
  }
}

/** Gives each column its own copy of a shared prefix cache, so that the columns can part. */
export function partColumns(reading: Reading, columns: number): Reading {
  return { ...reading, prefixCache: takeCacheRows(reading.prefixCache, new Array<number>(columns).fill(0)) }
}

/** Goes on with some columns only. The prefix cache must have been parted. */
export function keepColumns(reading: Reading, rows: readonly number[]): Reading {
  return { ...reading, prefixCache: takeCacheRows(reading.prefixCache, rows), suffixCache: takeCacheRows(reading.suffixCache, rows) }
}

/**
 * Reads the next tokens: `text` holds one row for all columns, or one row per column, all of the same length. `recipes` has one
 * entry per column. Returns the logits [columns, select.length, d_vocab] after the tokens at the indices `select` of `text`.
 */
export async function readTokens(
  steered: SteeredModel,
  reading: Reading,
  text: readonly (readonly number[])[],
  recipes: readonly (Recipe | null)[],
  promptLength: number,
  select: readonly number[]
): Promise<{ logits: Tensor<Float32Array>; reading: Reading }> {
  const seq = text[0]?.length ?? 0
  assert(seq > 0 && text.every((row) => row.length === seq), 'all rows of a batch have the same length')
  assert(text.length === 1 || text.length === recipes.length, 'there is one text for all columns or one for each')
  const tokens = i64([text.length, seq], text.flat())
  const positions = positionsFrom(reading.length, seq)
  const after = { ...reading, length: reading.length + seq }
  if (steered.prefix === null) {
    assert(recipes.length === 1, 'without an SAE there is one column')
    const read = await runSuffix(steered, { tokens, positions, select: i64([select.length], select), ...reading.suffixCache })
    return { logits: read.logits, reading: { ...after, suffixCache: read.cache } }
  }
  const outputs = await steered.prefix.session.run({ tokens, positions, ...reading.prefixCache })
  const shared = text.length === 1 && recipes.length > 1
  const rowsOf = (name: string): Tensor<Float32Array> => {
    const found = float32Output(outputs, name)
    return shared ? takeRows(found, new Array<number>(recipes.length).fill(0)) : found
  }
  const value = rowsOf('hook')
  const values = { value, input: outputs.also ? rowsOf('also') : value, shared }
  const edited = await editHookValues(values, recipes, { first: reading.length, promptLength }, steered.editor)
  const beside: Feeds = outputs.beside ? { beside: rowsOf('beside') } : {}
  const read = await readOn(steered, reading, { hook: edited, ...beside }, positions, select)
  return { logits: read.logits, reading: { ...after, prefixCache: nextPast(outputs), suffixCache: read.cache } }
}

/** Hook values on through the suffix, in as many runs as memory asks for. */
async function readOn(
  steered: SteeredModel,
  reading: Reading,
  cut: Feeds & { readonly hook: Tensor<Float32Array> },
  positions: Tensor,
  select: readonly number[]
): Promise<{ logits: Tensor<Float32Array>; cache: Feeds }> {
  const [columns = 0, seq = 0] = cut.hook.dims
  const scoresOfOne = 4 * steered.model.config.n_heads * seq * (reading.length + seq)
  const atOnce = Math.max(1, Math.floor(SCORES_BYTES / scoresOfOne))
  const feeds = { positions, select: i64([select.length], select) }
  if (columns <= atOnce) return runSuffix(steered, { ...cut, ...feeds, ...reading.suffixCache })
  const parts: { logits: Tensor<Float32Array>; cache: Feeds }[] = []
  for (let start = 0; start < columns; start += atOnce) {
    const rows = Array.from({ length: Math.min(atOnce, columns - start) }, (_, index) => start + index)
    parts.push(await runSuffix(steered, { ...takeCacheRows(cut, rows), ...feeds, ...takeCacheRows(reading.suffixCache, rows) }))
  }
  return { logits: stackRows(parts.map(({ logits }) => logits)), cache: stackCaches(parts.map(({ cache }) => cache)) }
}

async function runSuffix({ suffix }: SteeredModel, feeds: Feeds): Promise<{ logits: Tensor<Float32Array>; cache: Feeds }> {
  const outputs = await suffix.session.run(feeds)
  return { logits: float32Output(outputs, 'logits'), cache: nextPast(outputs) }
}

function float32Output(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor<Float32Array> {
  return f32(outputOf(outputs, name).dims, floatsOf(outputs, name))
}
