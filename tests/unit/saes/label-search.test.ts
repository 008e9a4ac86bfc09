import { expect, it } from 'vitest'
import { searchable, searchLabels } from '../../../src/main/saes/labels/search'
import type { Explanation } from '../../../src/main/saes/labels/source'

const explanation = (label: string): Explanation => ({
  label,
  source: `who said ${label}`,
  sourceId: 'own',
  score: null,
  created: null,
  user: false,
  computed: false
})

const LABELS: Record<number, string[]> = {
  2: ['rain and wind'],
  4: ['training a dog', 'raindrops'],
  12: ['Regen', 'heavy RAIN'],
  20: ['the word “ﬁre”'],
  21: ['café in Paris'],
  120: ['twelve dozen rainy days']
}
const pool = Object.entries(LABELS).map(([latent, labels]) => searchable(Number(latent), labels.map(explanation)))
const search = (query: string, limit = 10) => searchLabels(pool, 200, query, limit)
const found = (query: string) => search(query).map(({ latent }) => latent)

it.each([
  ['whole words come before beginnings, those before middles, and what is shown before what is not', 'rain', [2, 12, 120, 4]],
  ['case does not count', 'RAIN wind', [2]],
  ['every word has to occur, in any order', 'days twelve', [120]],
  ['words may be spread over one explanation, not over several', 'training raindrops', []],
  ['a ligature is its letters', 'fire', [20]],
  ['an accent may be written in two characters', 'cafe\u0301', [21]],
  ['a number is the latent first, then latents that begin with it', '12', [12, 120]],
  ['a number of a latent without a label is found, too', '77', [77]],
  ['a number beyond the SAE finds nothing', '777', []],
  ['nothing finds nothing', '  ', []]
])('%s', (_, query, latents) => {
  expect(found(query)).toEqual(latents)
})

it('names the explanation that has the words where another one is shown', () => {
  expect(search('heavy')).toEqual([
    { latent: 12, label: 'Regen', source: 'who said Regen', match: { label: 'heavy RAIN', source: 'who said heavy RAIN' } }
  ])
  expect(search('regen')[0]?.match).toBeNull()
})

it('gives no more than asked for', () => {
  expect(search('rain', 2)).toHaveLength(2)
})
