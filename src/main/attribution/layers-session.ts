/**
 * A whole model with its backward pass: tokens in; logits, the target's value, and at each of several hook points the model's own value
 * and d target / d value out. One graph and one run, whatever the number of hook points.
 *
 * Nothing is replaced at the hook points: reconstruction + error is the model's own value there, so the pass is the model's own, and
 * every gradient is the plain total derivative through all that follows, later hook points included (methods.md 5.1, "Gradient
 * plumbing": all submodules are scored in one backward pass without an SAE blocking the flow).
 */
import { assert, fail } from '../../shared/errors'
import type { Device } from '../../shared/records/model'
import type { Frozen } from '../../shared/records/ranking'
import { gradient } from '../autodiff/gradient'
import { addOutput } from '../graph/create'
import { prune } from '../graph/prune'
import type { Graph } from '../graph/types'
import { buildSegment, positionsFrom } from '../models'
import type { Model } from '../models/types'
import { allFinite, floatsOf, i64, integersOf } from '../runtime'
import type { OpenSession, Session } from '../runtime/types'
import { placesOf, readTerms, termFeeds } from './readings'
import type { Reading, TargetPlan } from './types'

/** Which places of a model are watched, by their canonical names, each once. */
export interface Places {
  /** Hook points whose value and gradient are wanted. */
  readonly hooks: readonly string[]
  /** Places whose value alone is wanted: where transcoders read. */
  readonly reads: readonly string[]
}

/** Which gradient: of what, through what. */
export interface PassKind {
  readonly reading: Reading
  readonly frozen: Frozen
}

export interface LayersRun {
  /** The token of each term: the one asked for, or the greedy one there. */
  readonly ids: readonly number[]
  /** Logits where each term is read, [terms][d_vocab]; terms of one place share them. */
  readonly logits: readonly Float32Array[]
  readonly value: number
  /** The model's own value at each hook point and read place, [positions, width], by name. */
  readonly values: ReadonlyMap<string, Float32Array>
  /** d target / d value at each hook point, [positions, width], by name. */
  readonly gradients: ReadonlyMap<string, Float32Array>
}

/** The model with its backward pass to a set of places, loaded. */
export interface LayersSession {
  readonly device: Session['device']
  /** @throws NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY */
  run(plan: TargetPlan): Promise<LayersRun>
  release(): Promise<void>
}

/** @throws HOOK_UNKNOWN, RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createLayersSession(
  openSession: OpenSession,
  model: Model,
  places: Places,
  kind: PassKind,
  device: Device
): Promise<LayersSession> {
  const graph = buildLayersGraph(model, places, kind)
  const session = await openSession(graph, { folder: model.folder, device, doing: `loading ${model.name} with its backward pass` })
  return {
    device: session.device,
    async run({ ids, terms }) {
      const read = placesOf(
        1,
        terms.map(({ position }) => ({ row: 0, position }))
      )
      const outputs = await session.run({
        tokens: i64([1, ids.length], ids),
        positions: positionsFrom(0, ids.length),
        select: i64([read.select.length], read.select),
        ...termFeeds(terms, read)
      })
      const all = floatsOf(outputs, 'logits')
      const { d_vocab } = model.config
      const [value] = floatsOf(outputs, 'value')
      assert(value !== undefined, 'the graph yields one value')
      const run = {
        ids: [...integersOf(outputs, 'chosen')],
        logits: read.of.map((place) => all.subarray(place * d_vocab, (place + 1) * d_vocab)),
        value,
        values: new Map([...places.hooks, ...places.reads].map((hook, i) => [hook, floatsOf(outputs, `at.${i}`)])),
        gradients: new Map(places.hooks.map((hook, i) => [hook, floatsOf(outputs, `slope.${i}`)]))
      }
      const finite = [all, ...run.values.values(), ...run.gradients.values()].every(allFinite)
      return finite ? run : fail('NUMBERS_NOT_FINITE', { doing: 'taking the gradient' })
    },
    release: () => session.release()
  }
}

/**
 * Inputs: `tokens` int64 [1, seq], `positions` int64 [seq], `select` int64 [n], the positions at which terms are read, and those of
 * `readTerms`. Outputs: `logits` float32 [n, d_vocab], `chosen` int64 [terms], `value` float32 [1], the sum of weight x reading; `at.{i}`
 * float32 [1, seq, width], the value at the i-th of hooks and reads together; `slope.{i}` of the same shape for hooks alone.
 * @throws HOOK_UNKNOWN
 */
export function buildLayersGraph(model: Model, { hooks, reads }: Places, { reading, frozen }: PassKind): Graph {
  const segment = buildSegment(model, { from: 'tokens', to: 'logits', cache: false, watch: [...hooks, ...reads] })
  const { graph, watched, patterns } = segment
  const { logits, chosen, value } = readTerms(segment, reading)
  const slopes = gradient(graph, value, watched.slice(0, hooks.length), {
    stop: frozen.attention ? patterns : [],
    frozenNorms: frozen.norms
  })
  graph.outputs.clear()
  for (const [name, output] of Object.entries({ logits, chosen, value })) addOutput(graph, name, output)
  watched.forEach((place, i) => addOutput(graph, `at.${i}`, place))
  slopes.forEach((slope, i) => addOutput(graph, `slope.${i}`, slope))
  return prune(graph)
}
