/** The logit of the chosen token: logits[id]. */
import { assert } from '../../../shared/errors'
import type { Target } from '../types'

export const logit: Target = {
  kind: 'logit',
  emit: (_graph, choice) => choice.logit(),
  read(logits, id) {
    const value = logits[id]
    assert(value !== undefined, `the token ${id} has a logit`)
    return value
  }
}
