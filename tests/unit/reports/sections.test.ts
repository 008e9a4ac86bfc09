import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildReport } from '../../../src/main/reports/build'
import type { Report } from '../../../src/main/reports/report'
import { SECTIONS } from '../../../src/main/reports/sections'
import { summaryOf } from '../../../src/shared/records/preflight'
import type { Ranking } from '../../../src/shared/records/ranking'
import { failureOf } from '../../support/failing'
import { reportedSetRun, sampleResult, savedExperiment } from '../../support/experiments'
import { samplePreflight } from '../../support/infos'
import { sampleComparison, sampleRanking } from '../../support/records'
import { emptyReport, textOf } from '../../support/report'
import { reportedComparison, savedRanking } from '../../support/saved'

async function document(given: Partial<Report>): Promise<string> {
  const [file] = await buildReport({ ...emptyReport, ...given }, 'html', '/r.html')
  return file?.content ?? ''
}

describe('the report', () => {
  test('lists every file of its sections', () => {
    const folder = join(import.meta.dirname, '../../../src/main/reports/sections')
    expect(SECTIONS).toHaveLength(readdirSync(folder).filter((name) => name !== 'index.ts').length)
    expect(new Set(SECTIONS.map(({ id }) => id)).size).toBe(SECTIONS.length)
  })

  test('of nothing is refused', async () => {
    expect(await failureOf(() => document({}))).toBe(
      'Nothing was chosen for the report. Choose at least one ranking, comparison, set run or experiment.'
    )
  })

  test('says what was asked, found, checked and made with', async () => {
    const text = textOf(await document({ rankings: [savedRanking()] }))
    for (const words of [
      'What makes Mia sad',
      'First. Second.',
      'GradSAE Workbench 1.2.3',
      'Mia → there',
      'attribution',
      '3.250 (probability 0.6100, logit 3.250)',
      'sadness words',
      'latents +1.10 73.3 %',
      'Spearman 0.950',
      'Pearson 0.980',
      'sha256:aaaa',
      'sha256:bbbb',
      'onnxruntime-node 1.30.0',
      'blocks.3.hook_resid_post'
    ])
      expect(text.replaceAll('\u00a0', ' ')).toContain(words)
  })

  test('says how the SAE was read, what was done to it, and what the preflight found', async () => {
    const ranking = sampleRanking()
    const sae = {
      ...ranking.provenance.sae,
      reading: { centred: true },
      notes: ['Read with the mean over d_model taken out of the input.']
    }
    const preflight = summaryOf(samplePreflight({ reading: { centred: true }, tried: [] }))
    const saved = { ...savedRanking(), ranking: { ...ranking, provenance: { ...ranking.provenance, sae, preflight } } }
    const text = textOf(await document({ rankings: [saved], comparisons: [reportedComparison()] }))
    expect(text).toContain('SAE read centred')
    expect(text).toContain('On loading the SAE Read with the mean over d_model taken out of the input.')
    expect(text).toMatch(/Preflight good, FVU 0\.100, L0 4, 97\s% of the cross-entropy recovered \(made on 2026-01-02\)/)
    // The comparison, made without one.
    expect(text).toContain('SAE read as its files say')
    expect(text).toContain('Preflight not made')
  })

  test('shows the texts of a comparison, their edits and scores', async () => {
    const text = textOf(await document({ comparisons: [reportedComparison()] }))
    for (const words of ['baseline', 'sadder', 'latent 100: add 8 × row at all positions', '· weeping', 'perplexity', '2.01'])
      expect(text).toContain(words)
  })

  test('explains the methods that it uses and no others', async () => {
    const attribution = textOf(await document({ rankings: [savedRanking()] }))
    expect(attribution).toContain('Scores are signed')
    expect(attribution).not.toContain('arXiv 2505.08080')
    const gradsae = textOf(await document({ rankings: [savedRanking({}, { ...sampleRanking(6, 'gradsae'), exact: null })] }))
    expect(gradsae).toContain('arXiv 2505.08080')
    expect(gradsae).not.toContain('Exact check')
    expect(textOf(await document({ comparisons: [reportedComparison()] }))).not.toContain('Notation')
  })

  test('puts two rankings side by side and warns when they cannot be compared', async () => {
    const pair = [savedRanking(), savedRanking({ name: 'other' }, sampleRanking(6, 'gradsae'))]
    const text = textOf(await document({ rankings: pair }))
    expect(text).toContain('overlap at 5')
    expect(text).toContain('They differ in method, substitution, aggregation, kind of target.')
    expect(textOf(await document({ rankings: [savedRanking()] }))).not.toContain('side by side')
  })

  test('says of a ranking its formula, positions, what was held fixed, its counterfactual, terms and completeness', async () => {
    const ranking = sampleRanking()
    const term = { position: 7, token: { id: 20, text: ' there', special: false }, weight: 1, logit: 3.25, probability: 0.61 }
    const full: Ranking = {
      ...ranking,
      method: 'integrated-gradients',
      formula: 'score_i = mean over 16 steps of dt/dz x (z - z’)',
      scope: { kind: 'range', from: 1, to: 4 },
      frozen: { attention: true, norms: true },
      steps: 16,
      counterfactual: { text: 'Twice upon a time' },
      completeness: { explained: 1.25, change: 1.5, gap: 0.1667 },
      target: {
        ...ranking.target,
        kind: 'logit-difference',
        label: 'logit of " there" minus logit of " a"',
        terms: [term, { ...term, weight: -1, token: { ...term.token, text: ' a' } }]
      }
    }
    const text = textOf(await document({ rankings: [savedRanking({}, full)] })).replaceAll('\u00a0', ' ')
    for (const words of [
      'integrated gradients (error term kept; signed sum over positions)',
      'Formula score_i = mean over 16 steps of dt/dz x (z - z’)',
      'Target logit of " there" minus logit of " a"',
      'Terms of the target +1 ×  · there p 0.610 after position 7',
      'Counterfactual prompt Twice upon a time',
      'Scope positions 1 to 4',
      'Attention patterns and norm scales are held',
      'Steps 16 points of the path',
      'contributions sum to +1.250, the target changes by +1.500: gap 0.17'
    ])
      expect(text.replace(/ +/g, ' ')).toContain(words.replace(/ +/g, ' '))
    // Rankings saved before these were recorded say nothing of them.
    const old = textOf(await document({ rankings: [savedRanking()] }))
    for (const name of ['Formula', 'Counterfactual', 'Held fixed', 'Completeness', 'Seed']) expect(old).not.toContain(name)
  })

  test('says of an experiment what was found, first of all, and what it was run with', async () => {
    const markup = await document({ experiments: [savedExperiment({ notes: 'As the paper does it.' })] })
    const text = textOf(markup)
    for (const words of [
      sampleResult().sentence,
      'As the paper does it.',
      'masking of the latents that methods rank highest and lowest',
      'shares 1, 10, 50',
      'GradSAE 10 21',
      '12 to 30',
      'Of 2 prompts.',
      'One question was left out.',
      'Manifest: model aaaa, SAE bbbb, on cpu, workbench 0.1.0; made 2026-01-02T03:04:05.000Z in 1 min 1 s'
    ])
      expect(text.replace(/[\u00a0\u2007\u2008]/g, ' ').replace(/ +/g, ' ')).toContain(words)
    // one curve, in both themes
    expect(markup.match(/<svg /g)).toHaveLength(2)
  })

  test('says of a repeated experiment whether it came to the same, and of an unfinished one that it is', async () => {
    const first = savedExperiment()
    const same = savedExperiment({
      id: 'b',
      name: 'again',
      repeats: { id: first.id, same: true },
      reproduction: { same: true, largest: 0, differences: [] }
    })
    const other = savedExperiment({
      id: 'c',
      name: 'elsewhere',
      repeats: { id: 'gone', same: false },
      reproduction: { same: false, largest: 0.25, differences: [] }
    })
    const half = savedExperiment({ id: 'd', sentence: null, result: null, manifest: null, done: 3, parts: 40 })
    const text = textOf(await document({ experiments: [first, same, other, half] }))
    expect(text).toContain('It repeats “ Masking, held-out questions ” and came to the same, bit for bit.')
    expect(text).toContain('It repeats the experiment gone and did not come to the same numbers; the largest difference is 0.250.')
    expect(text).toContain('Unfinished. 3 of 40 parts were done when the report was written.')
  })

  test('aggregates a run over a set with intervals, and lists the prompts that failed', async () => {
    const text = textOf(await document({ setRuns: [reportedSetRun()] })).replaceAll('\u00a0', ' ')
    for (const words of [
      'Questions , 3 prompts',
      '2 prompts, 1 prompt failed',
      'target: the greedy next token, logit; else as the method’s preset',
      '1 100 0.250 0.125 to 0.375 100 % 50 %',
      'sad − happy',
      '0.100 −0.0500 to 0.300 0.0400 0.0800',
      '30 more latents',
      'overlap of the top 10 is 0.800 (0.700 to 0.900) between paraphrases',
      'three The prompt is longer than the model’s context.'
    ])
      expect(text).toContain(words)
    const plain = reportedSetRun()
    const aggregate = { ...plain.aggregate, groups: null, stability: null, latents: [], total: 0 }
    const bare = textOf(await document({ setRuns: [{ ...plain, run: { ...plain.run, done: 1 }, aggregate, failures: [] }] }))
    expect(bare).toContain('Unfinished. 1 of 2 batches were done')
    expect(bare).toContain('No prompt has a result.')
    expect(bare).not.toContain('Stability')
  })

  test('holds its charts as drawings, and fetches and runs nothing', async () => {
    const markup = await document({ rankings: [savedRanking()], comparisons: [reportedComparison()] })
    // three charts of the ranking, one of the check, three of the comparison; each in both themes
    expect(markup.match(/<svg /g)).toHaveLength(14)
    expect(markup).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i)
    expect(markup).not.toMatch(/\b(src|href)="(?!#)/i)
    expect(markup).not.toMatch(/@import|url\((?!#)/i)
    expect(markup.match(/https?:\/\/[^"\s<]*/g)?.filter((address) => !address.startsWith('http://www.w3.org/')) ?? []).toEqual([])
    expect(markup).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;`)
    expect(markup).toContain('@media print')
  })

  test('survives records without numbers: no latents, no tokens, nothing scored', async () => {
    const ranking = { ...sampleRanking(0), exact: null }
    const comparison = sampleComparison()
    comparison.columns = comparison.columns.map((column) => ({ ...column, tokens: [], text: '', scores: null }))
    comparison.target = null
    const text = textOf(
      await document({ rankings: [savedRanking({ labels: [] }, ranking)], comparisons: [reportedComparison({ comparison })] })
    )
    expect(text).toContain('No token was generated.')
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('what people type', () => {
  const MARKUP = [
    '<script>alert(1)</script>',
    '</style><script>alert(1)</script>',
    '</text></svg><img src=x onerror=alert(1)>',
    `" onmouseover="alert(1)' x='`,
    '${x} {{x}} %s',
    ']]> --> <!--'
  ]
  const TEXT = ['safe\u202egpj.exe', 'שלום עולם مرحبا', 'x'.repeat(2000), 'a\u0000\u001b[31mb']

  test.each([
    ['markup', MARKUP.join(' ')],
    ['directions, lengths and control characters', TEXT.join(' ')]
  ])('is text and nothing else everywhere: %s', async (_, text) => {
    const ranking = sampleRanking()
    ranking.tokens = ranking.tokens.map((token) => ({ ...token, text }))
    ranking.target = { ...ranking.target, text }
    ranking.top = ranking.top.map((token) => ({ ...token, text }))
    ranking.warnings = [text]
    ranking.provenance.model = { ...ranking.provenance.model, name: text, path: text, hash: text }
    ranking.provenance.sae = { ...ranking.provenance.sae, name: text, notes: [text] }
    ranking.provenance.versions = { [text]: text }
    const comparison = sampleComparison()
    const [, steered] = comparison.columns
    if (steered?.recipe) steered.recipe.name = text
    steered?.tokens.forEach((token) => (token.text = text))
    comparison.target = { id: 1, text, special: false }
    const labels = ranking.latents.map(({ latent }) => ({ latent, label: text, source: text }))
    const [table] = sampleResult().tables
    const [curve] = sampleResult().curves
    const experiment = savedExperiment({
      name: text,
      notes: text,
      settings: { [text]: text },
      result: sampleResult({
        sentence: text,
        notes: [text],
        tables: table ? [{ ...table, title: text, note: text, rows: [[text, 1, null]] }] : [],
        curves: curve ? [{ ...curve, title: text, series: curve.series.map((series) => ({ ...series, name: text })) }] : []
      })
    })
    const markup = await document({
      title: text,
      introduction: text,
      project: { name: text, notes: text },
      rankings: [savedRanking({ name: text, notes: text, labels }, ranking), savedRanking({ name: text })],
      comparisons: [reportedComparison({ name: text, notes: text, comparison })],
      setRuns: [{ ...reportedSetRun(), setName: text, failures: [{ id: text, message: text }] }],
      experiments: [experiment]
    })
    expect(markup).not.toMatch(/<(script|img)\b/i)
    expect(markup.match(/<style\b/g)?.length).toBe(markup.match(/<\/style>/g)?.length)
    expect(markup.match(/<svg\b/g)?.length).toBe(markup.match(/<\/svg>/g)?.length)
    // an event handler would have to stand inside a tag
    expect(markup.replace(/"[^"]*"/g, '""').match(/<[^<>]*\son\w+\s*=[^<>]*>/gi)).toBeNull()
    expect(markup.match(/<!--/g)).toBeNull()
    expect(markup).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  })
})
