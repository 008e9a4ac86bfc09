import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { harmonicMean, scoreFormula, scoresOf } from '../../../../src/main/steering/measures/overall'
import { PARTS } from '../../../../src/main/steering/measures/parts'
import { foundIn } from '../../../support/measures'

const FOLDER = join(import.meta.dirname, '../../../../src/main/steering/measures')

describe('the overall score', () => {
  it('is the harmonic mean, as AxBench takes it', () => {
    expect(harmonicMean([2, 2, 2])).toBe(2)
    // 3 / (1 + 1/2 + 1/2)
    expect(harmonicMean([1, 2, 2])).toBe(1.5)
    expect(harmonicMean([0.5, 2])).toBe(0.8)
  })

  it('is 0 if one part is 0, however high the others are', () => {
    expect(harmonicMean([2, 0, 2])).toBe(0)
  })

  it('leaves out parts that are not there, and is 0 where none is', () => {
    expect(harmonicMean([null, 1.5, undefined])).toBe(1.5)
    expect(harmonicMean([null])).toBe(0)
  })

  it('lies from the smallest part to its n-fold, at most 2, and rises with each part', () => {
    const steps = [0.01, 0.5, 1, 1.9, 2]
    for (const a of steps)
      for (const b of steps)
        for (const c of steps) {
          const value = harmonicMean([a, b, c])
          // 1e-12: rounding of three reciprocals.
          expect(value).toBeGreaterThanOrEqual(Math.min(a, b, c) - 1e-12)
          expect(value).toBeLessThanOrEqual(Math.min(2, 3 * Math.min(a, b, c)) + 1e-12)
          expect(harmonicMean([a + 0.1, b, c])).toBeGreaterThan(value)
        }
  })

  it('is made of the parts that were found', () => {
    const found = foundIn({ generatedIds: [1, 2], logprobs: [-1, -1], givenOthers: [-1.5] })
    const scores = scoresOf({ ...found, baseline: { generatedIds: [3], text: '', logprobs: [-1] } })
    expect(scores.concept).toBeNull()
    expect(scores.overall).toBe(harmonicMean([scores.fluency.value, scores.relatedness?.value]))
  })
})

describe('the list of parts', () => {
  it('says of every part how it comes about', () => {
    const text = scoreFormula().join('\n')
    for (const [key, { name, formula }] of Object.entries(PARTS)) {
      expect(name).toBe(key)
      for (const line of formula) expect(text).toContain(line)
      expect(formula[0]).toMatch(new RegExp(`^${name} = `))
    }
    expect(text).toContain('0 if one of them is 0')
  })

  it('holds every file that exports a part', async () => {
    const listed: unknown[] = Object.values(PARTS)
    for (const file of readdirSync(FOLDER)) {
      const exported: Record<string, unknown> = await import(join(FOLDER, file))
      for (const [name, value] of Object.entries(exported))
        if (typeof value === 'object' && value !== null && 'measure' in value) expect(listed, `${name} of ${file}`).toContain(value)
    }
  })
})
