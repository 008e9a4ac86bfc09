/**
 * Key/value caches. A cache holds, for each layer of a segment, `past_key.{l}` and `past_value.{l}`, float32 [rows, n_kv_heads, room,
 * d_head]. It has room for more than it holds, so that a new token's keys and values are written into it and nothing is copied;
 * `past_positions` says which places are filled.
 */
import { assert } from '../../shared/errors'
import { f32 } from '../runtime/tensors'
import type { Feeds, Tensor } from '../runtime/types'
import type { Model } from './types'

/** A key/value cache that holds nothing, for the given layers: feeds `past_key.{l}`, `past_value.{l}` [batch, n_kv_heads, 0, d_head]. Beside it goes `pastPositions`. */
export function emptyPast(model: Model, layers: readonly number[], batch: number): Record<string, Tensor> {
  const { n_kv_heads, d_head } = model.config
  const empty = (): Tensor => f32([batch, n_kv_heads, 0, d_head], new Float32Array(0))
  return Object.fromEntries(layers.flatMap((layer) => [[`past_key.${layer}`, empty()], [`past_value.${layer}`, empty()]]))
}

/** What a run whose cache was empty hands out, as the cache of the next run. */
export function nextPast(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, tensor]) => (isCacheEntry(name) ? [[name.replace('new_', 'past_'), tensor]] : []))
  )
}

/** Whether an output of a segment belongs to its cache. */
export const isCacheEntry = (name: string): boolean => name.startsWith('new_key.') || name.startsWith('new_value.')

/** Beyond every query. */
const NOWHERE = 2n ** 40n

/** The feed `past_positions` of a cache with room for `room` tokens that holds `length`: where its keys stand. */
export function pastPositions(length: number, room = length): Tensor {
  const data = new BigInt64Array(room).fill(NOWHERE)
  for (let index = 0; index < length; index++) data[index] = BigInt(index)
  return { type: 'int64', dims: [room], data }
}

/** What a segment's layers keep of the text read so far. */
export interface KeyValues {
  readonly tensors: Feeds
  readonly room: number
  /** Positions that are written: those of the reading that holds the cache, and of others that went on from there. */
  written: number
}

/** A cache grows by so many positions at a time. */
const STEP = 64

/** A cache that holds nothing yet. */
export function emptyKeyValues(model: Model, layers: readonly number[], rows: number): KeyValues {
  return { tensors: emptyPast(model, layers, rows), room: 0, written: 0 }
}

/**
 * The cache of `length` positions with those that a run hands out after them. Written in place where nobody else has gone on from these
 * `length` positions, so that a reading that is kept stays what it was.
 */
export function appendKeyValues(cache: KeyValues, length: number, outputs: Readonly<Record<string, Tensor>>): KeyValues {
  const fresh = Object.entries(nextPast(outputs))
  const count = fresh[0]?.[1].dims[2] ?? 0
  const fits = cache.written === length && length + count <= cache.room
  const room = fits ? cache.room : STEP * Math.ceil((length + count) / STEP)
  const tensors = fits ? cache.tensors : Object.fromEntries(fresh.map(([name, own]) => [name, grown(cache.tensors[name], length, own, room)]))
  for (const [name, own] of fresh) write(tensors[name], own, length)
  if (!fits) return { tensors, room, written: length + count }
  cache.written = length + count
  return cache
}

/** A tensor with room for `room` positions, the first `length` of them those of `old`; the rest is 0. */
function grown(old: Tensor | undefined, length: number, { dims }: Tensor, room: number): Tensor<Float32Array> {
  const [rows = 0, heads = 0, , size = 0] = dims
  const made = f32([rows, heads, room, size], new Float32Array(rows * heads * room * size))
  if (length > 0) write(made, old, 0, length)
  return made
}

/** Writes the first `count` positions of `source` into `target` from position `start` on. */
function write(target: Tensor | undefined, source: Tensor | undefined, start: number, count = source?.dims[2] ?? 0): void {
  assert(target?.data instanceof Float32Array && source?.data instanceof Float32Array, 'keys and values are float32')
  const [rows = 0, heads = 0, room = 0, size = 0] = target.dims
  const from = (source.dims[2] ?? 0) * size
  const run = count * size
  const [into, out] = [target.data, source.data]
  for (let block = 0; block < rows * heads; block++) {
    const [at, first] = [(block * room + start) * size, block * from]
    // For the few numbers of one token, views to copy between would cost more than the copying.
    if (count === 1) for (let i = 0; i < run; i++) into[at + i] = out[first + i] ?? 0
    else into.set(out.subarray(first, first + run), at)
  }
}
