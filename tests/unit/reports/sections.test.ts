import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildReport } from '../../../src/main/reports/build'
import type { Report } from '../../../src/main/reports/report'
import { SECTIONS } from '../../../src/main/reports/sections'
import { summaryOf } from '../../../src/shared/records/preflight'
import { failureOf } from '../../support/failing'
import { samplePreflight } from '../../support/infos'
import { sampleComparison, sampleRanking } from '../../support/records'
import { savedComparison, savedRanking } from '../../support/saved'

const empty: Report = {
  title: 'What makes Mia sad',
  introduction: 'First.\n\nSecond.',
  project: { name: 'Demo', notes: '' },
  rankings: [],
  comparisons: [],
  version: '1.2.3',
  writtenAt: '2026-01-02T03:04:05.000Z'
}

async function document(given: Partial<Report>): Promise<string> {
  const [file] = await buildReport({ ...empty, ...given }, 'html', '/r.html')
  return file?.content ?? ''
}

/** What a reader sees: tags gone, entities as characters, spaces as one. */
function textOf(markup: string): string {
  const body = markup.slice(markup.indexOf('<body>'))
  return body
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}

describe('the report', () => {
  test('lists every file of its sections', () => {
    const folder = join(import.meta.dirname, '../../../src/main/reports/sections')
    expect(SECTIONS).toHaveLength(readdirSync(folder).filter((name) => name !== 'index.ts').length)
    expect(new Set(SECTIONS.map(({ id }) => id)).size).toBe(SECTIONS.length)
  })

  test('of nothing is refused', async () => {
    expect(await failureOf(() => document({}))).toBe('Nothing was chosen for the report. Choose at least one ranking or comparison.')
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
    const text = textOf(await document({ rankings: [saved], comparisons: [savedComparison()] }))
    expect(text).toContain('SAE read centred')
    expect(text).toContain('On loading the SAE Read with the mean over d_model taken out of the input.')
    expect(text).toMatch(/Preflight good, FVU 0\.100, L0 4, 97\s% of the cross-entropy recovered \(made on 2026-01-02\)/)
    // The comparison, made without one.
    expect(text).toContain('SAE read as its files say')
    expect(text).toContain('Preflight not made')
  })

  test('shows the texts of a comparison, their edits and scores', async () => {
    const text = textOf(await document({ comparisons: [savedComparison()] }))
    for (const words of ['baseline', 'sadder', 'latent 100: add +8 × decoder row, at every position', '· weeping', 'perplexity', '2.01'])
      expect(text).toContain(words)
  })

  test('explains the methods that it uses and no others', async () => {
    const attribution = textOf(await document({ rankings: [savedRanking()] }))
    expect(attribution).toContain('Scores are signed')
    expect(attribution).not.toContain('arXiv 2505.08080')
    const gradsae = textOf(await document({ rankings: [savedRanking({}, { ...sampleRanking(6, 'gradsae'), exact: null })] }))
    expect(gradsae).toContain('arXiv 2505.08080')
    expect(gradsae).not.toContain('Exact check')
    expect(textOf(await document({ comparisons: [savedComparison()] }))).not.toContain('Notation')
  })

  test('puts two rankings side by side and warns when they cannot be compared', async () => {
    const pair = [savedRanking(), savedRanking({ name: 'other' }, sampleRanking(6, 'gradsae'))]
    const text = textOf(await document({ rankings: pair }))
    expect(text).toContain('overlap at 5')
    expect(text).toContain('They differ in method, substitution, aggregation, kind of target.')
    expect(textOf(await document({ rankings: [savedRanking()] }))).not.toContain('side by side')
  })

  test('holds its charts as drawings, and fetches and runs nothing', async () => {
    const markup = await document({ rankings: [savedRanking()], comparisons: [savedComparison()] })
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
      await document({ rankings: [savedRanking({ labels: [] }, ranking)], comparisons: [savedComparison({ comparison })] })
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
    const markup = await document({
      title: text,
      introduction: text,
      project: { name: text, notes: text },
      rankings: [savedRanking({ name: text, notes: text, labels }, ranking), savedRanking({ name: text })],
      comparisons: [savedComparison({ name: text, notes: text, comparison })]
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
