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

it('a comparison without them, too', () => {
  const { provenance, ...rest } = sampleComparison()
  const { preflight: _preflight, sae, ...from } = provenance
  const { name, path, hash } = sae ?? { name: '', path: '', hash: '' }
  expect(Comparison.parse({ ...rest, provenance: { ...from, sae: { name, path, hash } } })).toEqual(sampleComparison())
})
