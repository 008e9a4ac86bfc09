/**
 * The suffix of a model with its backward pass: hook values in; logits, the readings of the target's terms, and d target / d hook values
 * out. Forward, target and gradient are one graph. Rows of a batch are prompts of their own, padded at the end: a causal model's earlier
 * positions do not see the padding, and no gradient reaches it.
 */
import { assert, fail } from '../../shared/errors'
import type { Device } from '../../shared/records/model'
import type { Frozen } from '../../shared/records/ranking'
import { gradient } from '../autodiff/gradient'
import { addOutput } from '../graph/create'
import { prune } from '../graph/prune'
import type { Graph } from '../graph/types'
import { buildSegment, canonicalHook, positionsFrom, widthOf } from '../models'
import type { Model } from '../models/types'
import { allFinite, f32, floatsOf, i64, integersOf } from '../runtime'
import type { Feeds, OpenSession, Session } from '../runtime/types'
import { placesOf, readTerms, termFeeds, type Places } from './readings'
import type { Reading, Term } from './types'

/** Which gradient: of what, through what. Each kind is a session of its own. */
export interface GradientKind {
  readonly reading: Reading
  readonly frozen: Frozen
  /**
   * The direct path to the logits alone: from the hook point through the residual stream and the final norm with its scale as it is, not
   * through later blocks (direct logit attribution, methods.md 5.2).
   */
  readonly direct: boolean
}

/** A term of the prompt in row `row` of the batch. */
export interface PlacedTerm extends Term {
  readonly row: number
}

export interface GradientRequest {
  readonly batch: number
  /** Positions of the longest prompt: every row is padded to so many. */
  readonly positions: number
  /** Hook values, [batch, positions, width]. */
  readonly values: Float32Array
  /** Where the hook point lies off the residual stream, the stream beside it, [batch, positions, d_model]. */
  readonly beside: Float32Array | null
  readonly terms: readonly PlacedTerm[]
}

export interface GradientRun {
  /** The token of each term: the one asked for, or the greedy one at its place. */
  readonly ids: readonly number[]
  /** The reading of each term, before its weight. */
  readonly readings: readonly number[]
  /** Logits at each term's place, [d_vocab] each; terms of one place share them. */
  readonly logits: readonly Float32Array[]
  /** d (sum of weight x reading) / d hook values, [batch, positions, width]; 0 at padding. */
  readonly gradient: Float32Array
}

/** A suffix with its backward pass, loaded. */
export interface GradientSession {
  readonly device: Session['device']
  /** @throws NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY */
  run(request: GradientRequest): Promise<GradientRun>
  release(): Promise<void>
}

/** @throws HOOK_UNKNOWN, DIRECT_PATH_UNKNOWN, RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createGradientSession(
  openSession: OpenSession,
  model: Model,
  hook: string,
  kind: GradientKind,
  device: Device
): Promise<GradientSession> {
  const graph = buildGradientGraph(model, hook, kind)
  const session = await openSession(graph, { folder: model.folder, device, doing: `loading the backward pass of ${model.name}` })
  const takesPositions = graph.inputs.some(({ name }) => name === 'positions')
  return {
    device: session.device,
    async run(request) {
      const { places, feeds } = feedsOf(model, hook, request, takesPositions)
      const outputs = await session.run(feeds)
      const all = floatsOf(outputs, 'logits')
      const { d_vocab } = model.config
      const found = floatsOf(outputs, 'gradient')
      if (!allFinite(all) || !allFinite(found)) fail('NUMBERS_NOT_FINITE', { doing: 'taking the gradient' })
      return {
        ids: [...integersOf(outputs, 'chosen')],
        readings: [...floatsOf(outputs, 'readings')],
        logits: places.of.map((place) => all.subarray(place * d_vocab, (place + 1) * d_vocab)),
        gradient: kind.direct ? spread(found, request, places, model.config.d_model) : found
      }
    },
    release: () => session.release()
  }
}

function feedsOf({ config }: Model, hook: string, request: GradientRequest, takesPositions: boolean): { places: Places; feeds: Feeds } {
  const { batch, positions, values, beside, terms } = request
  const places = placesOf(batch, terms)
  const feeds = {
    hook: f32([batch, positions, widthOf(config, hook)], values),
    ...(beside ? { beside: f32([batch, positions, config.d_model], beside) } : {}),
    select: i64([batch, places.count], places.select),
    ...termFeeds(terms, places),
    ...(takesPositions ? { positions: positionsFrom(0, positions) } : {})
  }
  return { places, feeds }
}

/** The gradient of the final residual stream at the places, put where they are; 0 elsewhere. */
function spread(found: Float32Array, { batch, positions, terms }: GradientRequest, { of }: Places, width: number): Float32Array {
  const out = new Float32Array(batch * positions * width)
  terms.forEach(({ row, position }, term) => {
    const place = of[term] ?? 0
    out.set(found.subarray(place * width, (place + 1) * width), (row * positions + position) * width)
  })
  return out
}

/**
 * The suffix segment's inputs, with `select` int64 [batch, n], and those of `readTerms`. Outputs `logits` [places, d_vocab], `chosen` and
 * `readings` [terms], and `gradient` of the weighted sum, [batch, seq, width], or along the direct path [batch, n, d_model].
 * @throws HOOK_UNKNOWN, DIRECT_PATH_UNKNOWN
 */
export function buildGradientGraph(model: Model, hook: string, { reading, frozen, direct }: GradientKind): Graph {
  if (direct && !isAdded(hook)) fail('DIRECT_PATH_UNKNOWN', { hook })
  const segment = buildSegment(model, { from: hook, to: 'logits', cache: false, ragged: true })
  const { graph, final, patterns } = segment
  const given = graph.inputs.find(({ name }) => name === 'hook')
  assert(given && final, 'a suffix segment takes hook values and yields logits')
  const { logits, chosen, readings, value } = readTerms(segment, reading)
  const [slope] = gradient(graph, value, [direct ? final.resid : given], {
    stop: frozen.attention ? patterns : [],
    frozenNorms: direct || frozen.norms
  })
  assert(slope, 'there is one gradient for one value')
  graph.outputs.clear()
  for (const [name, output] of Object.entries({ logits, chosen, readings, gradient: slope })) addOutput(graph, name, output)
  return prune(graph)
}

/** Whether what stands at the hook point is added to the residual stream as it is, or is the stream itself. */
const isAdded = (hook: string): boolean => /\.(hook_resid_(pre|mid|post)|hook_attn_out|hook_mlp_out)$/.test(canonicalHook(hook))
