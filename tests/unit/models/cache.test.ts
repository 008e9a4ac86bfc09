/** Caches that grow in place, and readings that part without seeing each other. */
import { expect, it } from 'vitest'
import { appendKeyValues, emptyKeyValues, pastPositions, type KeyValues } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { f32 } from '../../../src/main/runtime'
import type { Tensor } from '../../../src/main/runtime/types'
import { DEFAULT_MODEL } from '../../support/models'
import { openModel } from '../../../src/main/models'

const ROWS = 2
const model: Model = await openModel(DEFAULT_MODEL)
const { n_kv_heads, d_head } = model.config

function floats(data: Tensor['data']): Float32Array {
  if (data instanceof Float32Array) return data
  return expect.fail('keys and values are float32')
}

/** What a run hands out for `count` new positions from `start` on: every number says where it belongs and in which text. */
function handedOut(start: number, count: number, text: number): Record<string, Tensor> {
  const numbers = (layer: number, kind: number): Tensor => {
    const at = (index: number): number => {
      const [place, rest] = [Math.floor(index / d_head) % count, Math.floor(index / d_head / count)]
      return 1000 * text + 100 * kind + 10 * layer + (start + place) + rest / 8
    }
    const size = ROWS * n_kv_heads * count * d_head
    return f32([ROWS, n_kv_heads, count, d_head], Float32Array.from({ length: size }, (_, index) => at(index)))
  }
  return { logits: f32([1], [0]), 'new_key.0': numbers(0, 1), 'new_value.0': numbers(0, 2), 'new_key.3': numbers(3, 1), 'new_value.3': numbers(3, 2) }
}

/** Positions 0 .. length - 1 of a cache, without its room. */
function held({ tensors, room }: KeyValues, length: number): number[][] {
  return Object.values(tensors).map(({ data }) =>
    Array.from(floats(data)).filter((_, index) => Math.floor(index / d_head) % room < length)
  )
}

/** The same written in one piece, as a run over the whole text hands it out. */
const whole = (length: number, text: number): number[][] =>
  Object.entries(handedOut(0, length, text)).flatMap(([name, { data }]) => (name === 'logits' ? [] : [Array.from(floats(data))]))

it('hold what one run over the whole text would hand out, through all their sizes', () => {
  let cache = emptyKeyValues(model, [0, 3], ROWS)
  let length = 0
  for (const count of [5, 1, 57, 1, 1, 1, 70, 1]) {
    cache = appendKeyValues(cache, length, handedOut(length, count, 0))
    length += count
    expect(held(cache, length)).toEqual(whole(length, 0))
    expect(cache.room).toBeGreaterThanOrEqual(length)
  }
})

it('are written in place, but not over what another text has written', () => {
  const start = appendKeyValues(emptyKeyValues(model, [0, 3], ROWS), 0, handedOut(0, 4, 0))
  const first = appendKeyValues(start, 4, handedOut(4, 2, 0))
  expect(first.tensors).toBe(start.tensors)
  const other = appendKeyValues(start, 4, handedOut(4, 1, 7))
  expect(held(first, 6)).toEqual(whole(6, 0))
  const [mine, theirs] = [held(other, 5), whole(4, 0)]
  expect(mine.map((numbers) => numbers.filter((value) => value < 1000))).toEqual(theirs)
  expect(mine.flat().filter((value) => value >= 1000)).toHaveLength(4 * ROWS * n_kv_heads * d_head)
})

it('have room whose keys stand beyond every query', () => {
  expect(pastPositions(2, 4).data).toEqual(BigInt64Array.of(0n, 1n, 2n ** 40n, 2n ** 40n))
  expect(pastPositions(3).dims).toEqual([3])
})
