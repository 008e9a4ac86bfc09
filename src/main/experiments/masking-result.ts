/** What masking came to: tables in the layout of the paper's Table 1, curves against K, and one sentence. Pure. */
import type { ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { MethodName } from '../../shared/records/ranking'
import type { Interval } from '../../shared/records/sets'
import { filterWords, labelsOf } from './changes'
import { bootstrapOf, meanOf, scaled, words, type Bootstrap } from './intervals'
import type { MaskingPart, MaskingSettings } from './masking-shape'
import { keyOf, paperMasking } from './paper'
import { leftOutNote, rankingNotes } from './notes'
import { countOf, shareInBoth } from './sets-of-latents'
import type { Finished } from './types'

type Masked = NonNullable<MaskingPart['masked']>
type End = 'top' | 'bottom'
type Metric = 'em' | 'f1'

const ENDS: readonly End[] = ['top', 'bottom']
const METRICS: Record<Metric, string> = { em: 'exact match', f1: 'F1' }

/** What the tables are made of: the questions of the sample. */
interface Sample {
  readonly settings: MaskingSettings
  readonly labels: readonly string[]
  readonly masked: readonly Masked[]
  readonly bootstrap: Bootstrap
}

export function maskingResult({ settings, prompts, parts, leftOut }: Finished<MaskingSettings, MaskingPart>): ExperimentResult {
  const masked = parts.flatMap((part) => (part.masked ? [part.masked] : []))
  const sample: Sample = { settings, labels: labelsOf(settings), masked, bootstrap: bootstrapOf(masked.length, settings) }
  return {
    sentence: sentenceOf(sample),
    prompts: masked.length,
    tables: [
      scoreTable(sample, 'em'),
      scoreTable(sample, 'f1'),
      paperMasking(),
      ...(settings.methods.includes('gradsae') && settings.methods.length > 1 ? [differences(sample)] : []),
      setsTable(sample)
    ],
    curves: ENDS.flatMap((end) => [curveOf(sample, parts, end, 'em'), curveOf(sample, parts, end, 'f1')]),
    notes: [
      `${masked.length} of ${parts.length + leftOut.length} questions are the sample: those ${filterWords(settings.filter)} before masking, with the SAE spliced in. Before masking: EM ${percent(parts.map(({ before }) => before.em))}, F1 ${percent(parts.map(({ before }) => before.f1))} of all ${parts.length} that were asked.`,
      ...leftOutNote(prompts, leftOut),
      ...rankingNotes(settings),
      `K in % is of the latents active at the last position (${decimal(meanOf(masked.map(({ active }) => active)))} on average), rounded down. Where fewer than K latents have a score above 0, all of them are masked.`,
      `The explained token's probability in the spliced model is ${decimal(meanOf(masked.map(({ probability }) => probability)), 3)} on average.`
    ]
  }
}

/** EM or F1 of every question of the sample under one mask, by the place of its column. */
function valuesOf({ masked, settings }: Sample, method: MethodName, end: End, metric: Metric, column: number): number[] {
  const place = settings.methods.indexOf(method)
  return masked.map(({ methods }) => methods[place]?.[end][metric][column] ?? 0)
}

function scoreTable(sample: Sample, metric: Metric): ResultTable {
  const { labels, settings, bootstrap } = sample
  const cells = (method: MethodName, end: End): ResultCell[] =>
    labels.map((_, column) => scaled(bootstrap.mean(valuesOf(sample, method, end, metric, column)), 100))
  return {
    name: metric,
    title: `${metric === 'em' ? 'Exact match' : 'F1'} after masking`,
    columns: [...nameColumns, ...labels.map((label) => ({ key: keyOf(label), label, unit: '%' }))],
    rows: ENDS.flatMap((end) => settings.methods.map((method) => [method, end, ...cells(method, end)])),
    note: `${sample.masked.length} questions; 95 % bootstrap intervals. Of top latents lower is stronger; of bottom latents higher is weaker.`
  }
}

const nameColumns: ResultTable['columns'] = [
  { key: 'method', label: 'Method', unit: '' },
  { key: 'end', label: 'Masked', unit: '' }
]

/** GradSAE minus each other method, question by question. */
function differences(sample: Sample): ResultTable {
  const { labels, settings, bootstrap } = sample
  const others = settings.methods.filter((method) => method !== 'gradsae')
  const cells = (other: MethodName, end: End): ResultCell[] =>
    labels.map((_, column) =>
      scaled(bootstrap.difference(valuesOf(sample, 'gradsae', end, 'em', column), valuesOf(sample, other, end, 'em', column)), 100)
    )
  return {
    name: 'differences',
    title: 'Exact match under GradSAE’s mask minus that under another method’s',
    columns: [
      { key: 'other', label: 'GradSAE minus', unit: '' },
      { key: 'end', label: 'Masked', unit: '' },
      ...labels.map((label) => ({ key: keyOf(label), label, unit: 'points' }))
    ],
    rows: ENDS.flatMap((end) => others.map((other) => [other, end, ...cells(other, end)])),
    note: 'Paired: questions are resampled together. Of top latents, below 0 means that GradSAE’s latents matter more.'
  }
}

/** How large the sets are, and how much of them methods share with GradSAE: the paper's Table 3. */
function setsTable({ settings, masked, bootstrap }: Sample): ResultTable {
  const [share = 50] = settings.shares
  const sizeOf = ({ active }: Masked): number => countOf(share, active)
  const place = settings.methods.indexOf('gradsae')
  const overlap = (other: number, end: End): Interval | null =>
    place < 0
      ? null
      : bootstrap.mean(
          masked.map((one) => {
            const first = (at: number): number[] => one.methods[at]?.[end].latents.slice(0, sizeOf(one)) ?? []
            return 100 * shareInBoth(first(place), first(other))
          })
        )
  return {
    name: 'sets',
    title: `Sets of K = ${share} %`,
    columns: [
      { key: 'method', label: 'Method', unit: '' },
      { key: 'positive', label: 'Latents with a score above 0', unit: '' },
      { key: 'size', label: 'Masked', unit: 'latents' },
      { key: 'top_overlap', label: 'Top shared with GradSAE', unit: '%' },
      { key: 'bottom_overlap', label: 'Bottom shared with GradSAE', unit: '%' }
    ],
    rows: settings.methods.map((method, at) => [
      method,
      bootstrap.mean(masked.map(({ methods }) => methods[at]?.positive ?? 0)),
      bootstrap.mean(masked.map((one) => Math.min(sizeOf(one), one.methods[at]?.top.latents.length ?? 0))),
      overlap(at, 'top'),
      overlap(at, 'bottom')
    ]),
    note: 'The paper’s Table 3: 103.41 active latents, 51.46 masked; GradSAE and mean activation share 18.06 % of the top and 0.33 % of the bottom.'
  }
}

/** Against K in latents; shares, which are another number of latents in every question, stand in the table alone. */
function curveOf(sample: Sample, parts: readonly MaskingPart[], end: End, metric: Metric): ResultCurve {
  const { settings, bootstrap } = sample
  const before = bootstrap.mean(parts.filter(({ masked }) => masked !== null).map((part) => part.before[metric]))
  const point = (x: number, interval: Interval | null): ResultCurve['series'][number]['points'] => {
    const found = scaled(interval, 100)
    return found ? [{ x, y: found.value, low: found.low, high: found.high }] : []
  }
  return {
    name: `${metric}_${end}`,
    title: `${metric === 'em' ? 'Exact match' : 'F1'}, ${end} latents masked`,
    x: { label: 'K, latents', logarithmic: false },
    y: { label: `${METRICS[metric]}, %` },
    series: settings.methods.map((name) => ({
      name,
      points: [
        ...point(0, before),
        ...settings.counts.flatMap((count, column) => point(count, bootstrap.mean(valuesOf(sample, name, end, metric, column))))
      ]
    }))
  }
}

/** At K = 10 where there is one: what GradSAE's mask leaves, what mean activation's leaves, and the paired difference. */
function sentenceOf(sample: Sample): string {
  const { settings, masked, labels, bootstrap } = sample
  if (masked.length === 0) return 'No question was answered right before masking, so nothing can be said.'
  const column = Math.max(0, settings.counts.indexOf(10))
  const has = (name: MethodName): boolean => settings.methods.includes(name)
  const [first = 'gradsae', second] = has('gradsae')
    ? (['gradsae', has('mean-activation') ? 'mean-activation' : settings.methods.find((name) => name !== 'gradsae')] as const)
    : settings.methods
  const value = (name: MethodName): number[] => valuesOf(sample, name, 'top', 'em', column)
  const left = (name: MethodName): string => words(scaled(bootstrap.mean(value(name)), 100))
  const begin = `Masking the top latents of ${first} at ${labels[column]} leaves ${left(first)} % exact match of ${masked.length} questions`
  if (second === undefined) return `${begin}.`
  const difference = scaled(bootstrap.difference(value(first), value(second)), 100)
  return `${begin}, those of ${second} ${left(second)} %: a difference of ${words(difference)} points, ${verdict(difference, first, second)}.`
}

function verdict(difference: Interval | null, first: string, second: string): string {
  if (difference === null || (difference.low <= 0 && difference.high >= 0)) return `so neither method’s latents are shown to matter more`
  return `so the latents of ${difference.high < 0 ? first : second} matter more`
}

const percent = (values: readonly number[]): string => `${decimal(meanOf(values.map((value) => 100 * value)))} %`
const decimal = (value: number | null, digits = 1): string => (value === null ? 'none' : value.toFixed(digits))
