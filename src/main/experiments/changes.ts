/** What masking and transplanting share: settings, the sizes K of changed sets, and the filter of questions. */
import { z } from 'zod'
import { exactMatch, wordF1 } from '../statistics/squad'
import { countOf } from './sets-of-latents'
import { RankingSettings } from './rank-prompt'

const unique = (numbers: number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

export const ChangeSettings = RankingSettings.extend({
  counts: z.array(z.number().int().min(1).max(1000)).default([1, 10, 20, 30]).transform(unique),
  shares: z.array(z.number().min(0).max(100)).default([50]).transform(unique),
  filter: z.enum(['exact match', 'f1', 'none']).default('exact match'),
  maxTokens: z.number().int().min(1).max(256).default(16),
  resamples: z.number().int().min(100).max(10_000).default(1000)
})
export type ChangeSettings = z.infer<typeof ChangeSettings>

type Sizes = Pick<ChangeSettings, 'counts' | 'shares'>

/** The columns K of a table: counts, then shares of the active latents. */
export function labelsOf({ counts, shares }: Sizes): string[] {
  return [...counts.map((count) => `K = ${count}`), ...shares.map((share) => `K = ${share} %`)]
}

/** How many latents each column changes in a prompt with `active` latents at its last position. */
export function sizesOf({ counts, shares }: Sizes, active: number): number[] {
  return [...counts, ...shares.map((share) => countOf(share, active))]
}

export const Answered = z.object({ text: z.string(), em: z.number(), f1: z.number() })
export type Answered = z.infer<typeof Answered>

/** An answer with its scores against the expected one. */
export function scored(text: string, expected: string): Answered {
  return { text, em: exactMatch(text, expected), f1: wordF1(text, expected) }
}

/** Whether a question with this unchanged answer is part of the sample. */
export function passes({ em, f1 }: Answered, filter: ChangeSettings['filter']): boolean {
  return filter === 'none' || (filter === 'f1' ? f1 >= 0.9 : em === 1)
}

/** The filter in words, for notes. */
export function filterWords(filter: ChangeSettings['filter']): string {
  if (filter === 'none') return 'whatever the answer was'
  return filter === 'f1' ? 'answered with F1 of at least 0.9' : 'answered exactly'
}
