/** What deletion and insertion came to. Pure. */
import type { ExperimentResult, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { MethodName } from '../../shared/records/ranking'
import type { Interval } from '../../shared/records/sets'
import { meanHeight } from '../statistics/areas'
import type { FaithfulnessPart, FaithfulnessSettings } from './faithfulness-shape'
import { bootstrapOf, meanOf, scaled, words, type Bootstrap } from './intervals'
import { leftOutNote, rankingNotes } from './notes'
import type { Finished } from './types'

type Kind = 'deletion' | 'insertion'

interface Sample {
  readonly settings: FaithfulnessSettings
  readonly parts: readonly FaithfulnessPart[]
  readonly bootstrap: Bootstrap
}

export function faithfulnessResult({
  settings,
  prompts,
  parts,
  leftOut
}: Finished<FaithfulnessSettings, FaithfulnessPart>): ExperimentResult {
  const sample: Sample = { settings, parts, bootstrap: bootstrapOf(parts.length, settings) }
  return {
    sentence: sentenceOf(sample),
    prompts: parts.length,
    tables: [methodTable(sample), targetTable(sample), promptTable(sample)],
    curves: [curveOf(sample, 'deletion'), curveOf(sample, 'insertion')],
    notes: [
      'Curves are fractions of the way from the target without any latent (0) to that with all of them (1), summed over prompts before dividing: prompts count by how much their latents do. Areas are mean heights of these curves over the share of active latents, which is not stretched: most of what happens does so within the first few per cent.',
      'Latents go by score, the largest first. Those that lower the target go last, so a curve may leave the range from 0 to 1.',
      `There are ${meanOf(parts.map(({ active }) => active))?.toFixed(0) ?? 'no'} active latents in a prompt on average.`,
      ...leftOutNote(prompts, leftOut),
      ...rankingNotes(settings)
    ]
  }
}

/** The value of each prompt's curve at one place, less that without any latent. */
function heights({ parts, settings }: Sample, method: MethodName, kind: Kind, at: number): number[] {
  const place = settings.methods.indexOf(method)
  return parts.map(({ methods, empty }) => (methods[place]?.[kind][at] ?? 0) - empty)
}

const spans = ({ parts }: Sample): number[] => parts.map(({ full, empty }) => full - empty)

/** Mean height of a prompt's curve above its value without any latent, in the target's unit. */
function areaOf({ settings }: Sample, part: FaithfulnessPart, method: MethodName, kind: Kind): number {
  const values = part.methods[settings.methods.indexOf(method)]?.[kind] ?? []
  return meanHeight(settings.shares.map((share, at) => ({ x: share / 100, y: (values[at] ?? 0) - part.empty })))
}

function area(sample: Sample, method: MethodName, kind: Kind): Interval | null {
  return sample.bootstrap.ratio(
    sample.parts.map((part) => areaOf(sample, part, method, kind)),
    spans(sample)
  )
}

/** Mean over the prompts in which it is defined. */
function correlation({ parts, settings }: Sample, method: MethodName): Interval | null {
  const place = settings.methods.indexOf(method)
  const found = parts.flatMap(({ methods }) => methods[place]?.spearman ?? [])
  return bootstrapOf(found.length, settings).mean(found)
}

function methodTable(sample: Sample): ResultTable {
  return {
    name: 'methods',
    title: 'Orders compared',
    columns: [
      { key: 'method', label: 'Method', unit: '' },
      { key: 'deletion', label: 'Area, deletion', unit: '' },
      { key: 'insertion', label: 'Area, insertion', unit: '' },
      { key: 'spearman', label: 'Spearman with exact effects', unit: '' }
    ],
    rows: sample.settings.methods.map((method) => [
      method,
      area(sample, method, 'deletion'),
      area(sample, method, 'insertion'),
      correlation(sample, method)
    ]),
    note: `${sample.parts.length} prompts; 95 % bootstrap intervals. Of deletion lower is better, of insertion higher.`
  }
}

/** What remains of the untouched model's target when all latents are left out: with the error term, above the decoder bias alone. */
function errorShare({ parts, bootstrap }: Sample): Interval | null {
  return bootstrap.ratio(
    parts.map(({ errorAlone, biasAlone }) => errorAlone - biasAlone),
    parts.map(({ own, biasAlone }) => own - biasAlone)
  )
}

function targetTable(sample: Sample): ResultTable {
  const { parts, bootstrap, settings } = sample
  const row = (name: string, of: (part: FaithfulnessPart) => number): ResultTable['rows'][number] => [name, bootstrap.mean(parts.map(of))]
  return {
    name: 'target',
    title: 'The target itself',
    columns: [
      { key: 'what', label: 'At the hook point', unit: '' },
      { key: 'value', label: 'Target', unit: settings.target }
    ],
    rows: [
      row('the model’s own value', ({ own }) => own),
      row(settings.substitution === 'reconstruction' ? 'all latents, no error' : 'all latents and the error', ({ full }) => full),
      row('no latents, the error kept', ({ errorAlone }) => errorAlone),
      row('no latents, no error: the decoder bias', ({ biasAlone }) => biasAlone),
      ['share of the error term, %', scaled(errorShare(sample), 100)]
    ],
    note: 'Share of the error term: (no latents, the error kept − decoder bias) / (the model’s own value − decoder bias), summed over prompts.'
  }
}

function promptTable(sample: Sample): ResultTable {
  const { parts, settings } = sample
  const areas = (part: FaithfulnessPart, method: MethodName): number | null =>
    part.full > part.empty ? areaOf(sample, part, method, 'deletion') / (part.full - part.empty) : null
  return {
    name: 'prompts',
    title: 'Prompt by prompt: areas of deletion',
    columns: [
      { key: 'prompt', label: 'Prompt', unit: '' },
      { key: 'active', label: 'Active latents', unit: '' },
      { key: 'full', label: 'With all', unit: settings.target },
      { key: 'empty', label: 'Without any', unit: settings.target },
      ...settings.methods.map((method) => ({ key: method.replaceAll('-', '_'), label: method, unit: '' }))
    ],
    rows: parts.map((part) => [part.id, part.active, part.full, part.empty, ...settings.methods.map((method) => areas(part, method))]),
    note: 'None where the latents do not raise the target.'
  }
}

function curveOf(sample: Sample, kind: Kind): ResultCurve {
  const { settings, bootstrap } = sample
  return {
    name: kind,
    title: kind === 'deletion' ? 'Deletion: the first latents left out' : 'Insertion: the first latents alone',
    x: { label: 'active latents, %', logarithmic: true },
    y: { label: 'fraction of the target' },
    series: settings.methods.map((name) => ({
      name,
      points: settings.shares.flatMap((share, at) => {
        const found = bootstrap.ratio(heights(sample, name, kind, at), spans(sample))
        return found ? [{ x: share, y: found.value, low: found.low, high: found.high }] : []
      })
    }))
  }
}

function sentenceOf(sample: Sample): string {
  const { settings, parts } = sample
  if (parts.length === 0) return 'No prompt could be used, so nothing can be said.'
  const [first = 'gradsae', ...rest] = [...settings.methods].sort((a, b) => Number(b === 'gradsae') - Number(a === 'gradsae'))
  const named = [first, ...rest.filter((name) => name === 'exact' || name === 'mean-activation')]
  const areas = named.map((name) => `${words(area(sample, name, 'deletion'), 3)} for ${name}`).join(', ')
  return `Deleting latents leaves an area of ${areas} (lower is better); scores of ${first} correlate with exact effects at ${words(correlation(sample, first), 2)}, and the error term alone gives ${words(scaled(errorShare(sample), 100))} % of the target, over ${parts.length} prompts.`
}
