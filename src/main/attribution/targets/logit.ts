/** The logit of the chosen token: logits[id]. */
import { assert } from '../../../shared/errors'
import * as op from '../../graph/ops'
import type { Target } from '../types'

export const logit: Target = {
  kind: 'logit',
  emit: (graph, logits, ids) => op.squeeze(graph, op.gatherElements(graph, logits, ids, 1), [1]),
  read(logits, id) {
    const value = logits[id]
    assert(value !== undefined, `the token ${id} has a logit`)
    return value
  }
}
