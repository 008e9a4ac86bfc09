/** Rules of elementwise arithmetic. Broadcast operands are summed back by `gradient`. */
import * as op from '../../graph/ops'
import type { Value } from '../../graph/types'
import { constantOf } from '../read'
import type { Rules, Step } from '../types'

const constant = ({ graph, y }: Step, number: number): Value => op.scalar(graph, number, y.type)
const times = ({ graph }: Step, left: Value, right: Value): Value => op.mul(graph, left, right)
/** dy where `condition` holds, 0 elsewhere. */
const only = (step: Step, condition: Value): Value => op.where(step.graph, condition, step.dy, constant(step, 0))

export const elementwise: Rules = {
  // y = a + b:  da = dy,  db = dy
  Add: ({ dy }) => [() => dy, () => dy],

  // y = a - b:  da = dy,  db = -dy
  Sub: ({ graph, dy }) => [() => dy, () => op.neg(graph, dy)],

  // y = a b:  da = dy b,  db = dy a
  Mul: ({ graph, a, b, dy }) => [() => op.mul(graph, dy, b), () => op.mul(graph, dy, a)],

  // y = a / b:  da = dy / b,  db = -dy y / b
  Div: ({ graph, b, y, dy }) => [() => op.div(graph, dy, b), () => op.neg(graph, op.mul(graph, dy, op.div(graph, y, b)))],

  // y = a^b:  da = dy b a^(b - 1),  db = dy y ln a
  Pow: (step) => {
    const { graph, a, b, y, dy } = step
    const exponent = constantOf(graph, b)
    // The usual squares need no second power.
    const base = exponent?.length === 1 && exponent[0] === 2 ? a : op.pow(graph, a, op.sub(graph, b, op.scalar(graph, 1, b.type)))
    return [() => times(step, dy, op.mul(graph, b, base)), () => times(step, dy, op.mul(graph, y, op.log(graph, a)))]
  },

  // y = min(a, b):  the smaller operand takes dy; of equals, the first
  Min: (step) => {
    const { graph, a, b } = step
    return [() => only(step, op.lessOrEqual(graph, a, b)), () => only(step, op.less(graph, b, a))]
  },

  // y = max(a, b):  the larger operand takes dy; of equals, the first
  Max: (step) => {
    const { graph, a, b } = step
    return [() => only(step, op.greaterOrEqual(graph, a, b)), () => only(step, op.greater(graph, b, a))]
  },

  // y = -a:  da = -dy
  Neg: ({ graph, dy }) => [() => op.neg(graph, dy)],

  // y = sqrt(a):  da = dy / (2 y)
  Sqrt: (step) => [() => op.div(step.graph, times(step, step.dy, constant(step, 0.5)), step.y)],

  // y = 1 / a:  da = -dy y^2
  Reciprocal: (step) => [() => op.neg(step.graph, times(step, step.dy, times(step, step.y, step.y)))],

  // y = e^a:  da = dy y
  Exp: ({ graph, y, dy }) => [() => op.mul(graph, dy, y)],

  // y = ln a:  da = dy / a
  Log: ({ graph, a, dy }) => [() => op.div(graph, dy, a)],

  // y = tanh a:  da = dy (1 - y^2)
  Tanh: (step) => [() => times(step, step.dy, op.sub(step.graph, constant(step, 1), times(step, step.y, step.y)))],

  // y = sigmoid(a):  da = dy y (1 - y)
  Sigmoid: (step) => [() => times(step, step.dy, times(step, step.y, op.sub(step.graph, constant(step, 1), step.y)))],

  // y = max(a, 0):  da = dy where a > 0
  Relu: (step) => [() => only(step, op.greater(step.graph, step.a, constant(step, 0)))],

  // y = erf(a):  da = dy 2 / sqrt(pi) e^(-a^2)
  Erf: (step) => {
    const { graph, a, dy } = step
    return [() => times(step, times(step, dy, constant(step, 2 / Math.sqrt(Math.PI))), op.exp(graph, op.neg(graph, times(step, a, a))))]
  },

  // y = |a|:  da = dy sign(a)
  Abs: ({ graph, a, dy }) => [() => op.mul(graph, dy, op.sign(graph, a))],

  // y = sin a:  da = dy cos a
  Sin: ({ graph, a, dy }) => [() => op.mul(graph, dy, op.cos(graph, a))],

  // y = cos a:  da = -dy sin a
  Cos: ({ graph, a, dy }) => [() => op.neg(graph, op.mul(graph, dy, op.sin(graph, a)))],

  // y = a limited to [low, high]:  da = dy inside;  dlow = dy below;  dhigh = dy above
  Clip: (step) => {
    const { graph, a } = step
    const [low, high] = [step.input(1), step.input(2)]
    const inside = (): Value => {
      const above = low && op.greaterOrEqual(graph, a, low)
      const below = high && op.lessOrEqual(graph, a, high)
      if (above && below) return op.and(graph, above, below)
      return above ?? below ?? op.equal(graph, a, a)
    }
    return [
      () => only(step, inside()),
      low && (() => only(step, op.less(graph, a, low))),
      high && (() => only(step, op.greater(graph, a, high)))
    ]
  },

  // y = c ? a : b, with the inputs (c, a, b):  da = dy where c,  db = dy elsewhere
  Where: (step) => [null, () => only(step, step.a), () => op.where(step.graph, step.a, constant(step, 0), step.dy)],

  // y = a in another precision:  da = dy in a's
  Cast: ({ graph, a, dy }) => [() => op.cast(graph, dy, a.type)],

  // y = a:  da = dy
  Identity: ({ dy }) => [() => dy],

  // Steps are flat: no gradient.
  Sign: () => [null],
  Floor: () => [null]
}
