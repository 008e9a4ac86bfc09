/** Records as a project keeps them, around those of records.ts. */
import type { ReportedComparison } from '../../src/main/reports/report'
import type { SavedComparison, SavedRanking } from '../../src/shared/records/project'
import type { Ranking } from '../../src/shared/records/ranking'
import { sampleComparison, sampleRanking } from './records'

export function savedRanking(given: Partial<SavedRanking> = {}, ranking: Ranking = sampleRanking()): SavedRanking {
  return {
    id: 'ranking-id',
    name: 'Mia → there',
    promptId: null,
    promptText: 'Once upon a time',
    method: ranking.method,
    targetText: ' there',
    targetValue: ranking.target.value,
    model: 'storyteller',
    sae: 'layer 3',
    hook: ranking.provenance.hook,
    latents: ranking.latents.length,
    verified: ranking.exact?.effects.length ?? 0,
    notes: '',
    createdAt: '2026-01-02T03:04:05.000Z',
    ranking,
    labels: [{ latent: 100, label: 'sadness words', source: 'test' }],
    ...given
  }
}

export function savedComparison(given: Partial<SavedComparison> = {}): SavedComparison {
  return {
    id: 'comparison-id',
    name: 'Sadder',
    promptId: null,
    promptText: 'Once upon a time',
    recipes: ['sadder'],
    model: 'storyteller',
    notes: '',
    createdAt: '2026-01-02T03:04:05.000Z',
    comparison: sampleComparison(),
    ...given
  }
}

/** As reports take them. */
export function reportedComparison(given: Partial<ReportedComparison> = {}): ReportedComparison {
  return { ...savedComparison(given), marks: given.marks ?? [] }
}
