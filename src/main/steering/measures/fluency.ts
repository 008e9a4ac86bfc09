/**
 * Fluency of a text: how likely the unsteered model finds it, beside the baseline's text, and how much it repeats itself.
 *
 *   perplexity  = exp( -mean log p(token | what is before it) ) over the generated tokens, unsteered model
 *   repetition  = share of generated 4-grams (of tokens) that occurred before among the generated ones
 *   distinct-n  = different n-grams / n-grams, n = 1, 2, 3 (Li et al. 2016, arXiv 1510.03055)
 *   value       = 2 min(1, perplexity of the baseline / perplexity) (1 - repetition)
 *
 * A text no less likely than the baseline's loses nothing; one of twice the perplexity loses half. Repetition is a factor of its own because
 * a loop is likely: perplexity alone would call it fluent. A text without tokens is worth 0.
 */
import { perplexityOf } from '../score'
import type { Part } from './types'

export const fluency: Part<'fluency'> = {
  name: 'fluency',
  title: 'Fluency',
  formula: [
    'fluency = 2 × min(1, perplexity of the baseline / perplexity) × (1 − repetition)',
    'perplexity: exp of minus the mean log-probability of the generated tokens under the unsteered model',
    'repetition: share of generated 4-grams of tokens that occurred before in the text'
  ],
  measure({ generatedIds, logprobs, baseline }) {
    const perplexity = perplexityOf(logprobs)
    const baselinePerplexity = perplexityOf(baseline.logprobs)
    const repetition = repetitionOf(generatedIds)
    const value = generatedIds.length === 0 ? 0 : fluencyValue(perplexity, baselinePerplexity, repetition)
    return { perplexity, baselinePerplexity, repetition, distinct: [1, 2, 3].map((n) => distinctOf(generatedIds, n)), value }
  }
}

/** 2 min(1, baseline / perplexity) (1 - repetition): 0 to 2, falling in perplexity and in repetition. Perplexities are at least 1. */
export function fluencyValue(perplexity: number, baselinePerplexity: number, repetition: number): number {
  return 2 * Math.min(1, baselinePerplexity / perplexity) * (1 - repetition)
}

/** Share of 4-grams that occurred before; 0 where there are fewer than four tokens. */
export function repetitionOf(ids: readonly number[]): number {
  const { all, different } = gramsOf(ids, 4)
  return all === 0 ? 0 : (all - different) / all
}

/** Different n-grams over all; 1 where there is none, which repeats nothing. */
export function distinctOf(ids: readonly number[], n: number): number {
  const { all, different } = gramsOf(ids, n)
  return all === 0 ? 1 : different / all
}

function gramsOf(ids: readonly number[], n: number): { all: number; different: number } {
  const all = Math.max(0, ids.length - n + 1)
  return { all, different: new Set(Array.from({ length: all }, (_, start) => ids.slice(start, start + n).join(' '))).size }
}
