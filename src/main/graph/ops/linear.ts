/** Matrix products. */
import { assert } from '../../../shared/errors'
import { addNode, float, int } from '../create'
import { broadcastShapes, dimAt } from '../dims'
import type { Dim, Graph, Value } from '../types'

export interface MatMulOptions {
  /** Use the transpose of a's last two axes. */
  readonly transA?: boolean
  readonly transB?: boolean
  /** Factor on the product. */
  readonly alpha?: number
}

/**
 * alpha * A B over the last two axes, the axes before them broadcast: [.., n, k] x [.., k, m] -> [.., n, m].
 * With an option it is com.microsoft's FusedMatMul, which reads a transposed operand in place instead of copying it.
 * Both operands have rank 2 or more.
 */
export function matMul(graph: Graph, a: Value, b: Value, options: MatMulOptions = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options
  assert(a.type === b.type, `MatMul: ${a.name} (${a.type}) and ${b.name} (${b.type}) have one element type`)
  const made = { type: a.type, shape: productShape(a.shape, b.shape, transA, transB) }
  if (!transA && !transB && alpha === 1) return addNode(graph, { op: 'MatMul', inputs: [a, b] }, made)
  const attributes = { transA: int(Number(transA)), transB: int(Number(transB)), alpha: float(alpha) }
  return addNode(graph, { op: 'FusedMatMul', domain: 'com.microsoft', inputs: [a, b], attributes }, made)
}

function productShape(a: readonly Dim[], b: readonly Dim[], transA: boolean, transB: boolean): Dim[] {
  const shapes = `[${a.join(', ')}]${transA ? 'ᵀ' : ''} and [${b.join(', ')}]${transB ? 'ᵀ' : ''}`
  assert(a.length >= 2 && b.length >= 2, `MatMul: ${shapes} have rank 2 or more`)
  const [n, k] = transA ? [dimAt(a, -1), dimAt(a, -2)] : [dimAt(a, -2), dimAt(a, -1)]
  const [inner, m] = transB ? [dimAt(b, -1), dimAt(b, -2)] : [dimAt(b, -2), dimAt(b, -1)]
  assert(k === inner, `MatMul: ${shapes} share the inner size`)
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), 'MatMul'), n, m]
}
