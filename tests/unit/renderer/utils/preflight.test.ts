import { expect, it } from 'vitest'
import { factorOf, shownActivation, unitsDiffer, unitsHint } from '../../../../src/renderer/utils/activation-units'
import { preflightWords, readingWords } from '../../../../src/renderer/utils/preflight'
import { summaryOf } from '../../../../src/shared/records/preflight'
import { samplePreflight } from '../../../support/infos'

it('a reading is told in words', () => {
  expect(readingWords({})).toBe('as its files say')
  expect(readingWords({ centred: true, scale: 0.32, hook: 'blocks.2.hook_resid_post' })).toBe(
    'at blocks.2.hook_resid_post, centred, activations times 0.3200'
  )
  expect(readingWords({ subtractDecoderBias: false, transposedSkip: true, k: 50 })).toBe(
    'b_dec not subtracted, W_skip the other way round, k 50'
  )
})

it('a preflight is told with its numbers, and when it looked at another reading', () => {
  const summary = summaryOf(samplePreflight())
  expect(preflightWords(null, {})).toBe('not made')
  expect(preflightWords(summary, {})).toMatch(/^good, FVU 0\.100, L0 4, 97\s% of the cross-entropy recovered \(made on 2026-01-02\)$/)
  expect(preflightWords(summary, { centred: true })).toContain('the SAE was read as its files say then')
  expect(preflightWords({ ...summary, reading: { centred: true } }, { centred: true })).not.toContain('then')
})

it('a summary is of the reading that was measured, with what had to be filled in', () => {
  const tried = [{ words: '', reading: { scale: 0.5 }, fvu: 0.1, l0: 4 }]
  expect(summaryOf(samplePreflight({ tried })).reading).toEqual({ scale: 0.5 })
})

it('activations are shown in the SAE’s own units or times the decoder norm', () => {
  expect([shownActivation(2, 1.5, false), shownActivation(2, 1.5, true)]).toEqual([2, 3])
  const [same, other] = [{ decoderNorm: 1.0005 }, { decoderNorm: 1.5 }]
  expect([unitsDiffer([same]), unitsDiffer([same, other]), unitsDiffer([])]).toEqual([false, true, false])
  expect(unitsHint([same], false)).toContain('the same here')
  expect(unitsHint([other], false)).toBe('Show activations in Neuronpedia units: activation × decoder norm')
  expect(unitsHint([other], true)).toContain('Neuronpedia units are shown')
  // A latent outside the ranking takes the norm of its row, unless the ranked ones say that activations have norms in them.
  expect([factorOf(other, [other], 9), factorOf(null, [other], 9), factorOf(null, [same], 9)]).toEqual([1.5, 9, 1])
})
