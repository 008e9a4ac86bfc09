/** Terms of a target as graph nodes: what is read of the logits for each (place, token); and what these nodes are fed with. */
import { assert } from '../../shared/errors'
import { addInput } from '../graph/create'
import { multiplyDims } from '../graph/dims'
import * as op from '../graph/ops'
import type { Value } from '../graph/types'
import { chosenLogits } from '../models'
import type { Segment } from '../models/types'
import { f32, i64 } from '../runtime'
import type { Feeds } from '../runtime/types'
import type { Reading, Term } from './types'

/** Terms in the graph. */
export interface ReadTerms {
  /** Logits at each place, [places, d_vocab]. */
  readonly logits: Value
  /** The token of each term: the one asked for, or the greedy one at its place, int64 [terms]. */
  readonly chosen: Value
  /** The reading of each term, [terms]. */
  readonly readings: Value
  /** sum of weight x reading: what is differentiated. */
  readonly value: Value
}

/**
 * Reads terms after a segment to the logits, whose selected positions are the places. Adds the inputs `place` int64 [terms], index of each
 * term's place; `target` int64 [terms], its token, -1 for the greedy one; `weight` float32 [terms]. The gradient of a logit reads one row of
 * the unembedding for each term, not all of it; terms of one place share its logits.
 */
export function readTerms(segment: Segment, reading: Reading): ReadTerms {
  const { graph } = segment
  const all = graph.outputs.get('logits')
  const [batch, n, d_vocab] = all?.shape ?? []
  assert(all && batch !== undefined && n !== undefined && d_vocab !== undefined, 'a segment to the logits yields them')
  const logits = op.reshape(graph, all, [multiplyDims(batch, n), d_vocab])
  const place = addInput(graph, 'place', 'int64', ['terms'])
  const asked = addInput(graph, 'target', 'int64', ['terms'])
  const greedy = op.gather(graph, op.argMax(graph, logits, 1), place)
  const chosen = op.where(graph, op.less(graph, asked, op.int64s(graph, [0])), greedy, asked)
  const readings = readingsOf(segment, logits, reading, place, chosen)
  const value = op.reduceSum(graph, op.mul(graph, readings, addInput(graph, 'weight', 'float32', ['terms'])))
  return { logits, chosen, readings, value }
}

function readingsOf(segment: Segment, logits: Value, reading: Reading, place: Value, chosen: Value): Value {
  const { graph } = segment
  if (reading === 'logit') return chosenLogits(segment, place, chosen)
  const spread = reading === 'probability' ? op.softmax(graph, logits) : op.logSoftmax(graph, logits)
  const at = op.concat(graph, [op.unsqueeze(graph, place, [1]), op.unsqueeze(graph, chosen, [1])], 1)
  return op.gatherND(graph, spread, at)
}

/** Where the terms of each row of a batch are read: the different positions of each, filled up to `count` with ones no term has. */
export interface Places {
  readonly count: number
  /** [batch, count] */
  readonly select: readonly number[]
  /** Of each term its place, counted along [batch x count]. */
  readonly of: readonly number[]
}

/** The places of terms; each position of a row once, however many terms are read there. */
export function placesOf(batch: number, terms: readonly { readonly row: number; readonly position: number }[]): Places {
  const rows = Array.from({ length: batch }, () => new Map<number, number>())
  const within = terms.map(({ row, position }) => {
    const own = rows[row]
    assert(own, `the batch has a row ${row}`)
    const place = own.get(position) ?? own.size
    own.set(position, place)
    return place
  })
  const count = Math.max(1, ...rows.map(({ size }) => size))
  const select = rows.flatMap((own) => [...own.keys(), ...new Array<number>(count - own.size).fill(0)])
  return { count, select, of: terms.map(({ row }, term) => row * count + (within[term] ?? 0)) }
}

/** What the inputs that `readTerms` adds are fed with. */
export function termFeeds(terms: readonly Term[], { of }: Places): Feeds {
  const [ids, weights] = [terms.map(({ id }) => id ?? -1), terms.map(({ weight }) => weight)]
  return { place: i64([of.length], of), target: i64([ids.length], ids), weight: f32([weights.length], weights) }
}
