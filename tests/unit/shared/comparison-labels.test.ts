import { expect, test } from 'vitest'
import { latentsNamed, withLabels } from '../../../src/shared/comparison-labels'
import { OTHER_SAE, richComparison } from '../../support/rich-comparison'

test('a comparison names the latents of recipes, conditions, the concept, and those that rose and fell, each once', () => {
  expect(latentsNamed(richComparison())).toEqual([
    { latent: 100 },
    { sae: OTHER_SAE, latent: 7 },
    { sae: OTHER_SAE, latent: 9 },
    { latent: 55 },
    { latent: 101 }
  ])
})

test('a latent that names the SAE of the bench by its hash is the bench’s', () => {
  const given = richComparison()
  const hash = given.provenance.sae?.hash
  const recipe = {
    id: 'a',
    name: 'a',
    interventions: [{ latent: 1, sae: hash, mode: 'ablate', coefficient: 0, positions: 'all' }],
    keepError: true
  } as const
  const [baseline] = given.columns
  if (!baseline) expect.fail('there is a baseline')
  const columns = [{ ...baseline, recipe: { ...recipe, interventions: [...recipe.interventions] } }]
  expect(latentsNamed({ ...given, concept: null, columns })).toEqual([{ latent: 1 }])
})

test('labels are kept with a comparison in the place of those it had; without any there is no list', () => {
  const labelled = withLabels(richComparison(), ({ sae, latent }) => (sae === undefined && latent === 55 ? 'tears' : undefined))
  expect(labelled.labels).toEqual([{ latent: 55, label: 'tears' }])
  expect(withLabels(richComparison(), () => undefined)).not.toHaveProperty('labels')
})
