/**
 * The mean logit of some tokens minus the mean logit of others, after the same position. What both sides gain alike cancels, and the
 * softmax's normaliser with it: with one token on each side it is the logarithm of p(plus) / p(minus).
 */
import { fail } from '../../../shared/errors'
import type { Target } from '../types'
import { placeOf, quoted, tokenId } from '../target-tokens'

export const logitDifference: Target = {
  kind: 'logit-difference',
  title: 'Logit difference',
  line: 'Why this rather than that: the mean logit of some tokens minus that of others.',
  unit: 'logit',
  reading: 'logit',
  plan(model, ids, asked, position) {
    if (asked === null || !('plus' in asked)) return fail('TARGET_UNFIT', { kind: 'logit-difference', needs: 'tokens for both sides' })
    const place = placeOf(ids, position)
    const sides = [asked.plus, asked.minus].map((side) => [...new Set(side.map((choice) => tokenId(model, choice)))])
    const [plus = [], minus = []] = sides
    const both = plus.find((id) => minus.includes(id))
    if (both !== undefined) fail('TARGET_BOTH_SIDES', { token: model.tokenizer.token(both).text })
    const terms = [
      ...plus.map((id) => ({ position: place, id, weight: 1 / plus.length })),
      ...minus.map((id) => ({ position: place, id, weight: -1 / minus.length }))
    ]
    return { ids, terms, chosenBy: 'user' }
  },
  label(tokens, terms) {
    const side = (sign: number): string => {
      const own = tokens.filter((_, term) => Math.sign(terms[term]?.weight ?? 0) === sign)
      return `${own.length > 1 ? 'mean logit' : 'logit'} of ${quoted(own)}`
    }
    return `${side(1)} minus ${side(-1)}`
  }
}
