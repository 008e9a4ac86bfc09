/** The probability of the chosen token: softmax(logits)[id]. Its gradient carries the factor p (1 - p), which vanishes as p nears 1. */
import * as op from '../../graph/ops'
import { scoreOf } from '../../models'
import type { Target } from '../types'

export const probability: Target = {
  kind: 'probability',
  emit: (graph, { logits, ids }) => op.squeeze(graph, op.gatherElements(graph, op.softmax(graph, logits), ids, 1), [1]),
  read: (logits, id) => scoreOf(logits, id).probability
}
