/** What transplants came to: tables in the layout of the paper's Table 1, curves against K, and one sentence. Pure. */
import type { ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { MethodName } from '../../shared/records/ranking'
import type { Interval } from '../../shared/records/sets'
import { filterWords, labelsOf } from './changes'
import { bootstrapOf, meanOf, scaled, words, type Bootstrap } from './intervals'
import { leftOutNote, rankingNotes } from './notes'
import { keyOf, paperSteering } from './paper'
import type { Moved, Pair, TransplantPart, TransplantSettings, Variant } from './transplant-shape'
import type { Finished } from './types'

type End = 'top' | 'bottom'
type Metric = keyof Moved

const ENDS: readonly End[] = ['top', 'bottom']
const TITLES: Record<Metric, string> = {
  em: 'The other question’s answer, exact match',
  f1: 'The other question’s answer, F1',
  kept: 'Still its own answer, exact match'
}

interface Sample {
  readonly settings: TransplantSettings
  readonly labels: readonly string[]
  readonly pairs: readonly Pair[]
  readonly bootstrap: Bootstrap
}

export function transplantResult({ settings, parts, leftOut }: Finished<TransplantSettings, TransplantPart>): ExperimentResult {
  const pairs = parts.flatMap((part) => part.pairs)
  const sample: Sample = { settings, labels: labelsOf(settings), pairs, bootstrap: bootstrapOf(pairs.length, settings) }
  const [asked, right] = [parts.reduce((sum, part) => sum + part.asked, 0), parts.reduce((sum, part) => sum + part.right, 0)]
  const active = meanOf(parts.filter((part) => part.right > 0).map((part) => part.active))
  return {
    sentence: sentenceOf(sample),
    prompts: pairs.length,
    tables: [...(['em', 'f1', 'kept'] as const).map((metric) => scoreTable(sample, metric)), paperSteering()],
    curves: settings.variants.map((variant) => curveOf(sample, variant)),
    notes: [
      `${pairs.length} pairs of questions on the same of ${parts.length} texts, both ${filterWords(settings.filter)} with the SAE spliced in (${right} of ${asked} questions were), with different answers. Each question gets the latents of the next one on its text.`,
      ...leftOutNote([], leftOut, (part) => `text ${part + 1}`),
      `Without a transplant, ${words(scaled(sample.bootstrap.mean(pairs.map(({ toOther }) => toOther.em)), 100))} % already give the other answer.`,
      ...rankingNotes(settings),
      'published: at every position; a latent is written in with the mean of its activations over the positions of the other prompt at which it is active. The paper does not say which value it takes where the positions of two prompts do not match.',
      'code: at the last position of the prompt and each newest one, the score (between 0 and 50) in the place of an activation. The paper’s code runs without a cache, so that there a token is no longer edited when the next one is generated; here it stays as it was read.',
      'source: at the same positions, with the activation at the last position of the other prompt.',
      `K in % is of the latents active at the last position (${active === null ? 'none' : active.toFixed(1)} on average), rounded down. The latents of one text share their questions, so intervals over pairs are somewhat too narrow.`
    ]
  }
}

/** One number for each pair, by the place of its column. */
function valuesOf({ pairs }: Sample, method: MethodName, variant: Variant, end: End, metric: Metric, column: number): number[] {
  return pairs.map(({ changed }) => changed.find((one) => one.method === method && one.variant === variant)?.[end][metric][column] ?? 0)
}

function scoreTable(sample: Sample, metric: Metric): ResultTable {
  const { labels, settings, bootstrap } = sample
  const cells = (method: MethodName, variant: Variant, end: End): ResultCell[] =>
    labels.map((_, column) => scaled(bootstrap.mean(valuesOf(sample, method, variant, end, metric, column)), 100))
  return {
    name: metric,
    title: TITLES[metric],
    columns: [
      { key: 'method', label: 'Method', unit: '' },
      { key: 'variant', label: 'Way', unit: '' },
      { key: 'end', label: 'Latents', unit: '' },
      ...labels.map((label) => ({ key: keyOf(label), label, unit: '%' }))
    ],
    rows: ENDS.flatMap((end) =>
      settings.variants.flatMap((variant) => settings.methods.map((method) => [method, variant, end, ...cells(method, variant, end)]))
    ),
    note: `${sample.pairs.length} pairs; 95 % bootstrap intervals.`
  }
}

function curveOf(sample: Sample, variant: Variant): ResultCurve {
  const { settings, bootstrap, pairs } = sample
  const point = (x: number, interval: Interval | null): ResultCurve['series'][number]['points'] => {
    const found = scaled(interval, 100)
    return found ? [{ x, y: found.value, low: found.low, high: found.high }] : []
  }
  const before = bootstrap.mean(pairs.map(({ toOther }) => toOther.em))
  return {
    name: `em_${variant}`,
    title: `The other question’s answer, top latents, ${variant}`,
    x: { label: 'K, latents', logarithmic: false },
    y: { label: 'exact match, %' },
    series: settings.methods.map((name) => ({
      name,
      points: [
        ...point(0, before),
        ...settings.counts.flatMap((count, column) => point(count, bootstrap.mean(valuesOf(sample, name, variant, 'top', 'em', column))))
      ]
    }))
  }
}

/** At K = 10 where there is one: GradSAE's top latents in each way, and mean activation's in the first. */
function sentenceOf(sample: Sample): string {
  const { settings, pairs, labels, bootstrap } = sample
  if (pairs.length === 0) return 'No two questions on the same text were both answered right, so nothing can be said.'
  const column = Math.max(0, settings.counts.indexOf(10))
  const method = settings.methods.includes('gradsae') ? 'gradsae' : (settings.methods[0] ?? 'gradsae')
  const other =
    settings.methods.find((name) => name !== method && name === 'mean-activation') ?? settings.methods.find((name) => name !== method)
  const share = (name: MethodName, variant: Variant): Interval | null =>
    scaled(bootstrap.mean(valuesOf(sample, name, variant, 'top', 'em', column)), 100)
  const ways = settings.variants.map((variant) => `${words(share(method, variant))} % (${variant})`).join(', ')
  const begin = `Transplanting the top latents of ${method} at ${labels[column]} turns ${ways} of ${pairs.length} answers into the other question’s`
  const [first = 'published'] = settings.variants
  return other === undefined ? `${begin}.` : `${begin}; with those of ${other} it is ${words(share(other, first))} % (${first}).`
}
