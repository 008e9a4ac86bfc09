/**
 * The suffix of a model with its backward pass: hook values in; logits, the target's value and d target / d hook values out.
 * Forward, target and gradient are one graph.
 */
import { assert, fail } from '../../shared/errors'
import { gradient } from '../autodiff/gradient'
import { addInput, addOutput } from '../graph/create'
import { multiplyDims } from '../graph/dims'
import * as op from '../graph/ops'
import type { Graph } from '../graph/types'
import { buildSegment, chosenLogits, positionsFrom, widthOf } from '../models'
import type { Model } from '../models/types'
import { f32, floatsOf, i64, integersOf } from '../runtime'
import type { Device } from '../../shared/records/model'
import type { OpenSession, Session } from '../runtime/types'
import type { Target } from './types'

export interface GradientRun {
  /** The token whose target was taken: the one asked for, or the greedy next one. */
  readonly id: number
  /** After the last position, [d_vocab]. */
  readonly logits: Float32Array
  readonly value: number
  /** d target / d hook values, [positions, width]. */
  readonly gradient: Float32Array
}

/** The suffix and backward pass of one hook point and target, loaded. */
export interface GradientSession {
  readonly device: Session['device']
  /**
   * `value` is [positions, width], `beside` [positions, d_model] where the hook point lies off the residual stream; `target` null takes
   * the greedy next token, in the same run. @throws NUMBERS_NOT_FINITE
   */
  run(value: Float32Array, beside: Float32Array | null, target: number | null): Promise<GradientRun>
  release(): Promise<void>
}

/** @throws HOOK_UNKNOWN, RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createGradientSession(
  openSession: OpenSession,
  model: Model,
  hook: string,
  target: Target,
  device: Device
): Promise<GradientSession> {
  const graph = buildGradientGraph(model, hook, target)
  const session = await openSession(graph, { folder: model.folder, device, doing: `loading the backward pass of ${model.name}` })
  const width = widthOf(model.config, hook)
  const takesPositions = graph.inputs.some(({ name }) => name === 'positions')
  return {
    device: session.device,
    async run(values, beside, id) {
      const positions = values.length / width
      const outputs = await session.run({
        hook: f32([1, positions, width], values),
        ...(beside ? { beside: f32([1, positions, model.config.d_model], beside) } : {}),
        select: i64([1], [positions - 1]),
        target: i64([1], [id ?? -1]),
        ...(takesPositions ? { positions: positionsFrom(0, positions) } : {})
      })
      const [chosen] = integersOf(outputs, 'chosen')
      const [value] = floatsOf(outputs, 'value')
      assert(chosen !== undefined && value !== undefined, 'the gradient graph yields one target')
      const run = { id: chosen, value, logits: floatsOf(outputs, 'logits'), gradient: floatsOf(outputs, 'gradient') }
      if (!run.logits.every(Number.isFinite) || !run.gradient.every(Number.isFinite))
        fail('NUMBERS_NOT_FINITE', { doing: 'taking the gradient' })
      return run
    },
    release: () => session.release()
  }
}

/**
 * The suffix segment's inputs and `target` int64 [rows], one id for each row of logits (batch times selected positions), -1 for the
 * greedy one. Outputs `logits` [rows, d_vocab], `chosen` [rows], `value` [rows], `gradient` [batch, seq, width] of the values' sum.
 */
export function buildGradientGraph(model: Model, hook: string, target: Target): Graph {
  const segment = buildSegment(model, { from: hook, to: 'logits', cache: false })
  const { graph } = segment
  const given = graph.inputs.find(({ name }) => name === 'hook')
  const all = graph.outputs.get('logits')
  const [batch, n] = all?.shape ?? []
  assert(given && all && batch !== undefined && n !== undefined, 'a suffix segment takes hook values and yields logits')
  const rows = multiplyDims(batch, n)
  const logits = op.reshape(graph, all, [rows, model.config.d_vocab])
  const asked = addInput(graph, 'target', 'int64', [rows])
  const chosen = op.where(graph, op.less(graph, asked, op.int64s(graph, [0])), op.argMax(graph, logits, 1), asked)
  const value = target.emit(graph, { logits, ids: op.unsqueeze(graph, chosen, [1]), logit: () => chosenLogits(segment, chosen) })
  const [slope] = gradient(graph, op.reduceSum(graph, value), [given])
  assert(slope, 'there is one gradient for one value')
  graph.outputs.clear()
  for (const [name, output] of Object.entries({ logits, chosen, value, gradient: slope })) addOutput(graph, name, output)
  return graph
}
