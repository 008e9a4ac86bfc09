/**
 * The overall score, as AxBench takes it (arXiv 2501.17148): the harmonic mean of the parts there are, each from 0 to 2, and 0 if one of
 * them is 0. AxBench's parts are a language model's ratings; here they are formulas (parts.ts), so nothing has to be asked.
 */
import { PARTS } from './parts'
import type { Found } from './types'
import type { ColumnMeasures } from '../../../shared/records/scores'

/** n / sum of 1 / value over the values that are there: from 0 to 2; 0 if one is 0, or none is there. */
export function harmonicMean(values: readonly (number | null | undefined)[]): number {
  const there = values.filter((value) => value !== null && value !== undefined)
  if (there.length === 0 || there.some((value) => value === 0)) return 0
  return there.length / there.reduce((sum, value) => sum + 1 / value, 0)
}

/** Every part of what was found, and the overall score. */
export function scoresOf(found: Found): Pick<ColumnMeasures, 'concept' | 'fluency' | 'relatedness' | 'overall'> {
  const { concept, fluency, relatedness } = PARTS
  const parts = { concept: concept.measure(found), fluency: fluency.measure(found), relatedness: relatedness.measure(found) }
  return { ...parts, overall: harmonicMean(Object.values(parts).map((part) => part?.value)) }
}

/** How the scores come about, in words, one line each: the formula that reports print. */
export function scoreFormula(): string[] {
  const names = Object.values(PARTS).map(({ name }) => name)
  return [
    `overall = harmonic mean of the parts there are (${names.join(', ')}), each from 0 to 2; 0 if one of them is 0`,
    ...Object.values(PARTS).flatMap(({ formula }) => formula)
  ]
}
