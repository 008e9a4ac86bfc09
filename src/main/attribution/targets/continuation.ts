/**
 * The log-probability of a whole continuation, teacher-forced: the sum over its tokens of log softmax(logits)[token], each read after the
 * prompt and the tokens of the continuation before it. All but its last token are run behind the prompt.
 */
import { fail } from '../../../shared/errors'
import type { Target } from '../types'
import { checkId, noPosition } from '../target-tokens'

export const continuation: Target = {
  kind: 'continuation',
  title: 'Continuation',
  line: 'The summed log-probability of several tokens that follow the prompt, each given those before it.',
  unit: 'nats',
  reading: 'log-probability',
  plan(model, ids, asked, position) {
    noPosition('continuation', position)
    if (asked === null || !('continuation' in asked))
      return fail('TARGET_UNFIT', { kind: 'continuation', needs: 'the text that follows the prompt' })
    const given = asked.continuation
    const { d_vocab, n_ctx } = model.config
    const tokens = 'text' in given ? model.tokenizer.encodeRaw(given.text) : given.ids.map((id) => checkId(id, d_vocab))
    if (tokens.length === 0) fail('TARGET_EMPTY')
    const all = [...ids, ...tokens.slice(0, -1)]
    if (all.length > n_ctx) fail('CONTINUATION_TOO_LONG', { tokens: all.length, limit: n_ctx, excess: all.length - n_ctx })
    return { ids: all, terms: tokens.map((id, at) => ({ position: ids.length - 1 + at, id, weight: 1 })), chosenBy: 'user' }
  },
  label: (tokens) => `log-probability of the continuation ${JSON.stringify(tokens.join(''))}`
}
