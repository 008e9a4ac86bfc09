/** What steering with a latent came to, and how well a predictor says so on a prompt. Pure. */
import { spearman } from '../statistics/correlation'
import { meanOf } from './intervals'
import { middleOf, type SteerabilityPart, type SteerabilitySettings, type Steered, type SteeredLatent } from './steerability-shape'

/** The predictor that the others are held against. */
export const SUBJECT = 'gradsae'

/** What steering with a latent came to, as one number. */
export interface Outcome {
  readonly key: string
  readonly title: string
  readonly note: string
  of(latent: SteeredLatent, settings: SteerabilitySettings): number
}

export const OUTCOMES: readonly Outcome[] = [
  {
    key: 'steerability',
    title: 'Steerability: overall score',
    note: 'Concept (promoted tokens and activation read back) and fluency, 0 to 2. The concept counts the promoted tokens that output and input score are made of, and reads the activation that activation rankings are made of: these have something of their outcome by definition, GradSAE has the activation alone.',
    of: (latent, settings) => crossFitted(latent.texts, settings, ({ overall }) => overall).value
  },
  {
    key: 'read_back',
    title: 'The same by the activation read back alone',
    note: 'The concept is the latent’s own activation when the unsteered model reads the text: no promoted tokens, so nothing that output and input score are made of.',
    of: (latent, settings) => crossFitted(latent.texts, settings, ({ readBack }) => readBack).value
  },
  {
    key: 'divergence',
    title: 'How far the model is moved',
    note: 'Mean KL(steered || unsteered) along the first seed’s text at the strength in the middle, in nats. It shares a definition with none of the predictors, but does not ask in which direction the model is moved.',
    of: ({ kl }) => kl
  }
]

/**
 * A latent's value with the strength chosen on one half of the seeds (those at even places) and reported on the other, and the other way
 * round, averaged: no text both chooses and judges. With one seed, the value at the strength in the middle. `chosen` is that of all seeds.
 */
export function crossFitted(
  texts: readonly Steered[],
  { seeds, coefficients }: Pick<SteerabilitySettings, 'seeds' | 'coefficients'>,
  of: (text: Steered) => number
): { value: number; chosen: number; halves: readonly [number, number] | null } {
  const at = (coefficient: number, some: readonly number[]): number =>
    meanOf(texts.filter((text) => text.coefficient === coefficient && some.includes(text.seed)).map(of)) ?? 0
  // Of equally good ones the weakest.
  const best = (some: readonly number[]): number =>
    coefficients.reduce((leader, one) => (at(one, some) > at(leader, some) ? one : leader), coefficients[0] ?? 0)
  const middle = middleOf(coefficients)
  if (seeds.length < 2) return { value: at(middle, seeds), chosen: middle, halves: null }
  const halves = [0, 1].map((half) => seeds.filter((_, place) => place % 2 === half))
  const [first = [], second = []] = halves
  const both = [at(best(first), second), at(best(second), first)] as const
  return { value: (both[0] + both[1]) / 2, chosen: best(seeds), halves: both }
}

/** A latent on its prompt with what one outcome says of it. */
export interface Case {
  readonly predictors: SteeredLatent['predictors']
  readonly drawn: boolean
  readonly value: number
}

/** Spearman's correlation on each prompt; null where there are fewer than three latents with a score, or all are equal. */
export function correlations(cases: readonly (readonly Case[])[], predictor: string): (number | null)[] {
  return cases.map((own) => correlation(own, predictor, predictor))
}

/** That of `predictor` over the latents of which `other` has a score too: pairs are compared on the same latents. */
function correlation(cases: readonly Case[], predictor: string, other: string): number | null {
  const both = cases.flatMap(({ predictors, value }) => {
    const [score, beside] = [predictors[predictor] ?? null, predictors[other] ?? null]
    return score === null || beside === null ? [] : [{ score, value }]
  })
  return spearman(
    both.map(({ score }) => score),
    both.map(({ value }) => value)
  )
}

/** Rank correlation on each prompt of what the two halves of the seeds say: how far anything could predict it. Null with one seed. */
export function reliabilities(parts: readonly SteerabilityPart[], settings: SteerabilitySettings): (number | null)[] {
  return parts.map(({ latents }) => {
    const halves = latents.flatMap(({ texts }) => crossFitted(texts, settings, ({ overall }) => overall).halves ?? [])
    return spearman(
      halves.filter((_, place) => place % 2 === 0),
      halves.filter((_, place) => place % 2 === 1)
    )
  })
}

/** Correlation of GradSAE minus that of another, on the same latents of the same prompts. */
export function differences(cases: readonly (readonly Case[])[], other: string): (number | null)[] {
  return cases.map((own) => {
    const [first, second] = [correlation(own, SUBJECT, other), correlation(own, other, SUBJECT)]
    return first === null || second === null ? null : first - second
  })
}

/** The latents that chance took. */
export const drawnOf = (cases: readonly (readonly Case[])[]): Case[][] => cases.map((own) => own.filter(({ drawn }) => drawn))

/** Mean value of the first n latents of a prompt by a predictor; of all that have a score where there are fewer. Null of none. */
export function firstMean(cases: readonly Case[], predictor: string, n: number): number | null {
  const scored = cases.flatMap(({ predictors, value }) => {
    const score = predictors[predictor] ?? null
    return score === null ? [] : [{ score, value }]
  })
  // Equal scores share what they are worth together: the mean of the values at the place where they are cut.
  const ordered = [...scored].sort((a, b) => b.score - a.score)
  const bound = ordered[Math.min(n, ordered.length) - 1]?.score
  if (bound === undefined) return null
  const above = ordered.filter(({ score }) => score > bound).map(({ value }) => value)
  const tied = ordered.filter(({ score }) => score === bound).map(({ value }) => value)
  const rest = Math.min(n, ordered.length) - above.length
  return (above.reduce((sum, value) => sum + value, 0) + rest * (meanOf(tied) ?? 0)) / (above.length + rest)
}
