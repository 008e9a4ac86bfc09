/**
 * The mean cross-entropy of a span of the prompt's own tokens: -1/n sum of log softmax(logits at t - 1)[token t] over the n tokens from..to,
 * in nats. It is a loss: a latent with a positive score makes the span less likely.
 */
import { fail } from '../../../shared/errors'
import { noPosition } from '../target-tokens'
import type { Target } from '../types'

export const crossEntropy: Target = {
  kind: 'cross-entropy',
  title: 'Cross-entropy',
  line: 'The mean loss on a span of the prompt’s own tokens. Positive scores make the span less likely.',
  unit: 'nats',
  reading: 'log-probability',
  plan(_model, ids, asked, position) {
    noPosition('cross-entropy', position)
    if (ids.length < 2)
      fail('TARGET_UNFIT', { kind: 'cross-entropy', needs: 'a prompt of two tokens or more: its first one is not predicted' })
    if (asked !== null && !('from' in asked))
      return fail('TARGET_UNFIT', { kind: 'cross-entropy', needs: 'a span of the prompt, or none for all of it' })
    const { from, to } = asked ?? { from: 1, to: ids.length - 1 }
    if (to < from || from < 1 || to >= ids.length) return fail('SPAN_UNKNOWN', { from, to, last: ids.length - 1 })
    const weight = -1 / (to - from + 1)
    const terms = Array.from({ length: to - from + 1 }, (_, at) => ({ position: from + at - 1, id: ids[from + at] ?? -1, weight }))
    return { ids, terms, chosenBy: 'user' }
  },
  label(_tokens, terms) {
    const places = terms.map(({ position }) => position + 1)
    return `mean cross-entropy of tokens ${Math.min(...places)} to ${Math.max(...places)}`
  }
}
