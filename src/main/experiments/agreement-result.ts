/** What the comparison of rankings came to. Pure. */
import type { ExperimentResult, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { Interval } from '../../shared/records/sets'
import { DEPTHS, type AgreementPart, type AgreementSettings, type Axis, type Comparison } from './agreement-shape'
import { bootstrapOf, words } from './intervals'
import { leftOutNote, rankingNotes } from './notes'
import type { Finished } from './types'

const TITLES: Record<Axis, string> = {
  methods: 'Between methods',
  targets: 'Between targets',
  layers: 'Between layers: positions, not latents',
  precisions: 'Between precisions of hook values and gradients',
  devices: 'Between devices'
}

/** All comparisons of one pair, one for each prompt. */
interface Pair {
  readonly axis: Axis
  readonly a: string
  readonly b: string
  readonly all: readonly Comparison[]
}

export function agreementResult({ settings, prompts, parts, leftOut }: Finished<AgreementSettings, AgreementPart>): ExperimentResult {
  const pairs = pairsOf(parts)
  const axes = settings.axes.filter((axis) => pairs.some((pair) => pair.axis === axis))
  const mean = (values: readonly number[]): Interval | null => bootstrapOf(values.length, settings).mean(values)
  return {
    sentence: sentenceOf(settings, parts, pairs, mean),
    prompts: parts.length,
    tables: axes.map((axis) => tableOf(axis, settings, pairs, mean)),
    curves: axes.includes('methods') ? [depthCurve(settings, pairs, mean)] : [],
    notes: [
      ...new Set(parts.flatMap(({ notes }) => notes)),
      'Latents go by score, the largest first. Rank-biased overlap is 1 for equal orders and 0 for disjoint ones; with p = 0.9 the first ten carry 86 % of it. Correlations are over all latents that either ranking has.',
      'Precision: what is read at the hook point and the gradient there are rounded, while weights and everything between are float32. A model that is stored and run in the smaller format differs more.',
      ...leftOutNote(prompts, leftOut),
      ...rankingNotes(settings)
    ]
  }
}

function pairsOf(parts: readonly AgreementPart[]): Pair[] {
  const pairs = new Map<string, { axis: Axis; a: string; b: string; all: Comparison[] }>()
  for (const { comparisons } of parts)
    for (const one of comparisons) {
      const key = JSON.stringify([one.axis, one.a, one.b])
      const pair = pairs.get(key) ?? { axis: one.axis, a: one.a, b: one.b, all: [] }
      pair.all.push(one)
      pairs.set(key, pair)
    }
  return [...pairs.values()]
}

type Mean = (values: readonly number[]) => Interval | null

function tableOf(axis: Axis, { top }: AgreementSettings, pairs: readonly Pair[], mean: Mean): ResultTable {
  const own = pairs.filter((pair) => pair.axis === axis)
  return {
    name: axis,
    title: TITLES[axis],
    columns: [
      { key: 'a', label: 'Ranking', unit: '' },
      { key: 'b', label: 'and', unit: '' },
      { key: 'jaccard', label: `Overlap of the first ${top}`, unit: '' },
      { key: 'rbo', label: 'Rank-biased overlap', unit: '' },
      { key: 'spearman', label: 'Spearman', unit: '' },
      { key: 'prompts', label: 'Prompts', unit: '' }
    ],
    rows: own.map(({ a, b, all }) => [
      a,
      b,
      mean(all.map(({ jaccard }) => jaccard)),
      mean(all.map(({ rbo }) => rbo)),
      mean(all.flatMap(({ spearman }) => spearman ?? [])),
      all.length
    ]),
    note: 'Means over prompts; 95 % bootstrap intervals.'
  }
}

/** The method that others are held against: exact ablation, else the first. */
function referenceOf({ methods }: AgreementSettings): string {
  return methods.includes('exact') ? 'exact' : (methods[0] ?? '')
}

function between(pairs: readonly Pair[], one: string, other: string): readonly Comparison[] {
  return pairs.find(({ axis, a, b }) => axis === 'methods' && ((a === one && b === other) || (a === other && b === one)))?.all ?? []
}

function depthCurve(settings: AgreementSettings, pairs: readonly Pair[], mean: Mean): ResultCurve {
  const reference = referenceOf(settings)
  return {
    name: 'depths',
    title: `Overlap of the first k latents with ${reference}`,
    x: { label: 'k, latents', logarithmic: true },
    y: { label: 'overlap (Jaccard)' },
    series: settings.methods
      .filter((name) => name !== reference)
      .map((name) => ({
        name,
        points: DEPTHS.flatMap((x, at) => {
          const found = mean(between(pairs, name, reference).map(({ depths }) => depths[at] ?? 0))
          return found ? [{ x, y: found.value, low: found.low, high: found.high }] : []
        })
      }))
  }
}

function sentenceOf(settings: AgreementSettings, parts: readonly AgreementPart[], pairs: readonly Pair[], mean: Mean): string {
  if (parts.length === 0) return 'No prompt could be used, so nothing can be said.'
  const reference = referenceOf(settings)
  const overlap = (all: readonly Comparison[]): string => words(mean(all.map(({ jaccard }) => jaccard)), 2)
  const others = settings.methods.filter(
    (name) => between(pairs, name, reference).length > 0 && (name === settings.subject || name === 'mean-activation')
  )
  const shares = others.map((name) => `${overlap(between(pairs, name, reference))} for ${name}`)
  const [widest] = pairs.filter(({ axis }) => axis !== 'methods')
  const over = `over ${parts.length} prompts`
  if (shares.length > 0)
    return `The first ${settings.top} latents overlap with those of ${reference} by ${shares.join(', ')} (Jaccard), ${over}.`
  return widest
    ? `The first ${settings.top} of ${settings.subject} overlap by ${overlap(widest.all)} between ${widest.a} and ${widest.b} (Jaccard), ${over}.`
    : `Nothing was compared, ${over}.`
}
