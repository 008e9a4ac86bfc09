/** Records that were stored before a field was there still parse, with what its absence meant. */
import { expect, it } from 'vitest'
import { Ranking } from '../../../src/shared/records/ranking'
import { Comparison } from '../../../src/shared/records/steering'
import { sampleComparison, sampleRanking } from '../../support/records'

it('a ranking without reading, preflight and decoder norms was read as the files say', () => {
  const { provenance, latents, ...rest } = sampleRanking()
  const { preflight: _preflight, sae, ...from } = provenance
  const { reading: _reading, ...ownSae } = sae
  const old = { ...rest, latents: latents.map(({ decoderNorm: _norm, ...latent }) => latent), provenance: { ...from, sae: ownSae } }
  expect(Ranking.parse(old)).toEqual(sampleRanking())
})

it('a ranking of one token and without switches counted every position, held nothing and had no counterfactual', () => {
  const { scope: _scope, frozen: _frozen, formula: _formula, steps: _steps, seed: _seed, ...without } = sampleRanking()
  const { counterfactual: _counterfactual, completeness: _completeness, errorEffects: _errorEffects, target, ...rest } = without
  const { label: _label, terms: _terms, ...token } = target
  expect(Ranking.parse({ ...rest, target: token })).toEqual(sampleRanking())
})

it('a comparison without them, too', () => {
  const { provenance, ...rest } = sampleComparison()
  const { preflight: _preflight, sae, ...from } = provenance
  const { name, path, hash } = sae ?? { name: '', path: '', hash: '' }
  expect(Comparison.parse({ ...rest, provenance: { ...from, sae: { name, path, hash } } })).toEqual(sampleComparison())
})
