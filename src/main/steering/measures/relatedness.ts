/**
 * Relatedness of a text to its prompt: how much likelier the unsteered model finds its tokens after the prompt than after other prompts.
 *
 *   given       = mean log p(token | prompt, tokens before it)
 *   givenOthers = the same after another prompt, averaged over the other prompts
 *   value       = 2 / (1 + exp(-4 (given - givenOthers - 1/2)))
 *
 * The difference is the mean pointwise mutual information of prompt and token against a mixture of prompts, in nats per token: above 0 the
 * prompt says something about the text. The logistic is centred at 1/2, where a token is e^(1/2) = 1.65 times as likely after its own
 * prompt: that is worth 1. No difference is worth 0.24, hardly related; a factor of e is worth 1.76. A text without tokens is worth 0.
 */
import type { Part } from './types'

const CENTRE = 0.5
const STEEPNESS = 4

export const relatedness: Part<'relatedness'> = {
  name: 'relatedness',
  title: 'Relatedness',
  formula: [
    `relatedness = 2 / (1 + exp(−${STEEPNESS} × (given − givenOthers − ${CENTRE})))`,
    'given: mean log-probability of the generated tokens after the prompt, under the unsteered model',
    'givenOthers: the same after each of the other prompts, on average'
  ],
  measure({ generatedIds, logprobs, givenOthers }) {
    if (givenOthers.length === 0) return null
    const [given, others] = [meanOf(logprobs), meanOf(givenOthers)]
    return { given, givenOthers: others, value: generatedIds.length === 0 ? 0 : relatednessValue(given, others) }
  }
}

/** 2 / (1 + exp(-4 (given - others - 1/2))), both in nats per token: between 0 and 2, rising in the difference. */
export function relatednessValue(given: number, others: number): number {
  return 2 / (1 + Math.exp(-STEEPNESS * (given - others - CENTRE)))
}

/** The mean; 0 of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
