/** What the report says of a comparison that uses everything there is. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { buildReport } from '../../../src/main/reports/build'
import type { ReportedComparison } from '../../../src/main/reports/report'
import type { Mark, MarkQuestion } from '../../../src/shared/records/marks'
import type { ComparisonColumn } from '../../../src/shared/records/steering'
import { savedExperiment } from '../../support/experiments'
import { richComparison, richRecipe } from '../../support/rich-comparison'
import { reportedComparison } from '../../support/saved'
import { emptyReport, textOf } from '../../support/report'

async function markupOf(given: Partial<ReportedComparison>): Promise<string> {
  const [file] = await buildReport({ ...emptyReport, comparisons: [reportedComparison(given)] }, 'html', '/r.html')
  return file?.content ?? ''
}

const rich = async (): Promise<string> => plain(textOf(await markupOf({ comparison: richComparison() })))
const plain = (text: string): string => text.replace(/[\u00a0\u2007\u2008]/g, ' ').replace(/ +/g, ' ')

describe('the report of a comparison', () => {
  test('says each recipe whole: modes, units, positions, conditions, SAEs, directions with their hash, and what holds for all of it', async () => {
    const text = await rich()
    const hash = createHash('sha256')
      .update(Buffer.from(Float32Array.of(1, 0, -2).buffer))
      .digest('hex')
    for (const words of [
      'latent 100 (sadness words): add 1.5 × max at the last position of the prompt, then at each newest one',
      '1 stands for the row times the latent’s largest activation (SAELens tutorial, AxBench), here 12.25; SAE layer 3 at blocks.3.hook_resid_post',
      'latent 7 (names): clamp to 2–8 at positions 3 to 7 where latent 9 is above 0.5 (SAE layer 1)',
      '1 stands for the latent’s activation itself; SAE layer 1 at blocks.1.hook_resid_post',
      'direction “joy − sorrow”: project out at generated positions where the next token is “·sad” with probability below 5 %',
      'Direction “joy − sorrow” at blocks.2.hook_resid_post : mean of 2 prompts minus 3 ; 3 numbers, norm 2.24, ',
      `sha256:${hash.slice(0, 8)}`,
      'SAE error dropped: the edited reconstruction stands in the place of the hook value; BOS and other special tokens are not edited; attention patterns are those of the unsteered model on the same text.'
    ])
      expect(text).toContain(words)
  })

  test('says how it was generated, of what concept, with which SAEs, and shows the turns of a chat', async () => {
    const text = await rich()
    for (const words of [
      'temperature 0.700, top-k 40, top-p 0.900, seed 17; at most 6 tokens',
      'Watched tokens · sad · joy e2 80',
      'latent 100 (sadness words) , by its 20 most promoted tokens and its activation; the words tears, weep ; matches of cr(y|ied)',
      'Relatedness is against 1 other prompt: “The stock market”',
      'SAEs layer 3 at blocks.3.hook_resid_post bbbb layer 1 at blocks.1.hook_resid_post cccc',
      'system You write <sad> stories. user Once upon a time As the model’s own template writes it:',
      'Further SAE layer 1 /models/one sha256:cccc at blocks.1.hook_resid_post ; read as its files say'
    ])
      expect(text).toContain(words)
  })

  test('has every score with every part, the formula in words, and the latents that rose and fell with labels', async () => {
    const text = await rich()
    for (const words of [
      'Overall, 0 to 2 0 1.30',
      'Concept, 0 to 2 1.25 1.25 promoted tokens 50 % 50 % in the baseline’s text 12.5 % 12.5 % activation, read unsteered 1.75 1.75',
      'Fluency, 0 to 2 1.20 1.20 perplexity 3 3',
      'repetition 6.25 % 6.25 % distinct 1-grams 87.5 % 87.5 %',
      'Relatedness, 0 to 2 1.46 1.46 log p given the prompt −1.50 −1.50',
      'KL(steered ‖ unsteered), nats, mean 0 0.0750',
      'size of the edit beside the residual stream, mean 0 0.250 the same, largest 0 0.250 the same over the prompt, mean 0 0.125',
      'first token that is not the baseline’s – 4 tokens 6 6',
      'overall = harmonic mean of the parts there are',
      'rose latent label without with 100 sadness words 0.100 9 55 – 0 1.50',
      'fell latent label without with 101 happy endings 3 0.500'
    ])
      expect(text).toContain(words)
    expect(text).toContain('Scores without a judge')
  })

  test('has what people marked blind, whichever text stood on the left, and how far the scores agree', async () => {
    const mark = (question: MarkQuestion, left: number, choice: Mark['choice'], at: number): Mark => ({
      ...{ id: `m${at}`, question, left, right: 1 - left, choice },
      createdAt: '2026-01-02T03:04:05.000Z'
    })
    // overall: 0 for the baseline, 1.3 for the recipe; fluency is 1.2 of both, so its mark decides nothing
    const marks = [
      mark('better', 0, 'right', 1),
      mark('better', 1, 'left', 2),
      mark('better', 1, 'right', 3),
      mark('better', 0, 'tie', 4),
      mark('fluency', 0, 'left', 5)
    ]
    const text = plain(textOf(await markupOf({ comparison: richComparison(), marks })))
    expect(text).toContain('better baseline everything <at once> 1 : 2 1 overall 0 : 1.30')
    expect(text).toContain('reads better baseline everything <at once> 1 : 0 0 fluency 1.20 : 1.20')
    // Wilson's interval of 2 of 3, by hand: (2/3 + z²/6 ± z √(2/27 + z²/36)) / (1 + z²/3)
    expect(text).toContain(
      'Of 3 marks that chose between texts with different scores, 2 chose the one with the higher score: 66.7 % (95 % interval 20.8 % to 93.9 %).'
    )
    expect(text).toContain('without being told whose they are')
    const bare = { ...richComparison(), columns: richComparison().columns.map((column) => ({ ...column, measures: null })) }
    expect(plain(textOf(await markupOf({ comparison: bare, marks })))).toContain('the scores cannot be held against them')
  })

  test('frames the first token that is not the baseline’s, and says which it is', async () => {
    const markup = await markupOf({ comparison: richComparison() })
    expect(markup.match(/class="token changed first"/g)).toHaveLength(1)
    expect(plain(textOf(markup))).toContain('First differs at token 4: · weeping for · sad .')
  })

  test('draws the edit’s size and every watched token, too', async () => {
    // KL, log-probability, the target, two watched tokens, the size of the edit; each in both themes
    expect((await markupOf({ comparison: richComparison() })).match(/<svg /g)).toHaveLength(12)
  })

  test('parts the scores of sixteen recipes into tables that fit on paper, each beside the baseline', async () => {
    const { columns, ...given } = richComparison()
    const [baseline, steered] = columns
    if (!baseline || !steered) expect.fail('there are two columns')
    const many = Array.from({ length: 16 }, (_, at): ComparisonColumn => ({
      ...steered,
      recipe: { ...richRecipe, id: `r${at}`, name: `recipe ${at + 1}` }
    }))
    const markup = await markupOf({ comparison: { ...given, columns: [baseline, ...many] } })
    const tables = markup.split('<div class="scores">').slice(1)
    expect(tables.map((table) => table.slice(0, table.indexOf('</thead>')).match(/<th /g)?.length)).toEqual([7, 7, 7, 3])
    expect(tables.every((table) => textOf(`<body>${table}`).startsWith(' baseline'))).toBe(true)
  })

  test('says nothing of what a comparison of before does not hold', async () => {
    const text = textOf(await markupOf({}))
    for (const words of ['Overall', 'How the scores come about', 'rose', 'size of the edit', 'Blind', 'Further SAE', 'Concept'])
      expect(text).not.toContain(words)
    expect(text).not.toMatch(/NaN|undefined|null/)
  })

  test('cannot be broken by the names that people give', async () => {
    const evil = '<script>alert(1)</script>'
    const comparison = richComparison()
    const recipe = {
      ...richRecipe,
      name: evil,
      directions: richRecipe.directions?.map((each) => ({ ...each, name: evil, origin: evil, hook: evil }))
    }
    const columns = comparison.columns.map((column) => (column.recipe ? { ...column, recipe } : column))
    const labels = [{ latent: 100, label: evil }]
    expect(await markupOf({ comparison: { ...comparison, columns, labels, formula: [evil] } })).not.toContain('<script')
  })

  test('of a sweep has its recipes whole and says how its numbers come about', async () => {
    const sweep = savedExperiment({ experiment: 'sweep', settings: { recipes: [richRecipe], coefficients: [0, 1] } })
    const [file] = await buildReport({ ...emptyReport, experiments: [sweep] }, 'html', '/r.html')
    const text = plain(textOf(file?.content ?? ''))
    for (const words of [
      'Recipes at strength 1 everything <at once>',
      'latent 100: add 1.5 × max',
      'is chosen on one half of the prompts',
      'percentile bootstrap intervals of 95 % over prompts'
    ])
      expect(text).toContain(words)
  })

  test('of an experiment cuts tables that nobody reads, and leaves out settings that were left empty', async () => {
    const table = { name: 'texts', title: 'Every text', columns: [{ key: 'n', label: 'n', unit: '' }], note: '' }
    const rows = Array.from({ length: 130 }, (_, at) => [`text ${at + 1}`])
    const saved = savedExperiment({
      settings: { keywords: '', floor: 0.75 },
      result: { sentence: 'Found.', prompts: 1, tables: [{ ...table, rows }], curves: [], notes: [] }
    })
    const [file] = await buildReport({ ...emptyReport, experiments: [saved] }, 'html', '/r.html')
    const text = plain(textOf(file?.content ?? ''))
    expect(text).toContain('text 100 30 more rows: in the report as CSV or JSON')
    expect(text).not.toContain('text 101')
    expect(text).toContain('floor 0.75')
    expect(text).not.toContain('keywords')
    const [csv] = await buildReport({ ...emptyReport, experiments: [saved] }, 'csv', '/r.csv')
    expect(csv?.content).toContain('text 130')
  })
})
