/**
 * How much a text is about a concept: by the tokens that the latent promotes, by the latent's own activation when the unsteered model reads
 * the text, and by words that a person names. All are taken relative to the baseline's text, which is what the model says by itself:
 *
 *   excess of a sign = max(0, value on the text - value on the baseline's text)
 *   sign             = excess / (excess + half)                              0 at the baseline's level, 1/2 at `half` above it, below 1
 *   value            = 2 (1 - product over the signs there are of (1 - sign))
 *
 * half: 0.1 of tokens for promoted ones (two more in twenty), 0.1 of the largest activation over all latents (on the baseline's text, on
 * average) for the activation, 0.05 matches per word for keywords (one more in twenty). The signs are combined as independent evidence is
 * (noisy or): each can carry the score alone, none that stays away takes anything from the others, and the value rises with each.
 */
import type { ConceptScore } from '../../../shared/records/scores'
import type { Found, Part } from './types'
import { wordsOf } from './words'

/** Excess over the baseline at which a sign is worth a half. */
export const HALF = { promoted: 0.1, activation: 0.1, keywords: 0.05 } as const

export const concept: Part<'concept'> = {
  name: 'concept',
  title: 'Concept',
  formula: [
    'concept = 2 × (1 − product over signs of (1 − sign)), sign = excess / (excess + half), excess = max(0, of the text − of the baseline’s text)',
    `promoted: share of generated tokens among the latent’s promoted ones; half = ${HALF.promoted}`,
    `activation: mean activation of the latent on the generated tokens under the unsteered model; half = ${HALF.activation} × the mean largest activation over all latents on the baseline’s text`,
    `keywords: matches of keywords and pattern per word; half = ${HALF.keywords}`
  ],
  measure(found) {
    const { promoted: tokens, activation, matches } = found.concept
    if (tokens === null && activation === null && matches === null) return null
    const score: Omit<ConceptScore, 'value'> = {
      promoted: tokens && shareOf(found.generatedIds, tokens),
      baselinePromoted: tokens && shareOf(found.baseline.generatedIds, tokens),
      activation: activation?.own ?? null,
      baselineActivation: activation?.baseline ?? null,
      largestActivation: activation?.largest ?? null,
      keywords: matches && rateOf(found.text, matches),
      baselineKeywords: matches && rateOf(found.baseline.text, matches)
    }
    return { ...score, value: conceptValue(score) }
  }
}

/** See the head of this file: from 0 to below 2, rising with each sign and falling with the baseline's; 0 where no sign exceeds it. */
export function conceptValue(score: Omit<ConceptScore, 'value'>): number {
  const signs = [
    sign(score.promoted, score.baselinePromoted, HALF.promoted),
    sign(score.activation, score.baselineActivation, HALF.activation * (score.largestActivation ?? 0)),
    sign(score.keywords, score.baselineKeywords, HALF.keywords)
  ]
  return 2 * (1 - signs.reduce((left, one) => left * (1 - one), 1))
}

/**
 * The concept of the text beside the baseline's, less that of the baseline's text beside this one: -2 to 2, of either sign.
 *
 * The value itself counts excess alone, so that two texts of the same model differ in it by chance, always upwards. This is what tells a rise
 * from chance: where neither text has more of the concept but by luck, changing places turns its sign, and its mean is 0.
 */
export function netConcept(score: ConceptScore): number {
  const { promoted, activation, keywords, baselinePromoted, baselineActivation, baselineKeywords } = score
  return (
    score.value -
    conceptValue({
      ...score,
      promoted: baselinePromoted ?? null,
      activation: baselineActivation,
      keywords: baselineKeywords ?? null,
      baselinePromoted: promoted,
      baselineActivation: activation,
      baselineKeywords: keywords
    })
  )
}

function sign(own: number | null, baseline: number | null | undefined, half: number): number {
  const excess = Math.max(0, (own ?? 0) - (baseline ?? 0))
  return excess === 0 ? 0 : excess / (excess + half)
}

/** Share of ids that are in the set; 0 of none. */
export function shareOf(ids: Found['generatedIds'], among: ReadonlySet<number>): number {
  return ids.length === 0 ? 0 : ids.filter((id) => among.has(id)).length / ids.length
}

/** Matches per word; 0 of a text without words. */
function rateOf(text: string, matches: (text: string) => number): number {
  const words = wordsOf(text)
  return words === 0 ? 0 : matches(text) / words
}
