/** What a sweep came to: dose-response curves, the useful range of each recipe, the strength chosen on one half and reported on the other. Pure. */
import type { ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { Interval } from '../../shared/records/sets'
import { netConcept, scoreFormula } from '../steering/measures'
import { randomStream } from '../statistics/random'
import { bootstrapOf, words, type Bootstrap } from './intervals'
import { leftOutNote } from './notes'
import { namedApart, type SweepCell, type SweepPart, type SweepSettings } from './sweep-shape'
import type { Finished } from './types'

type Measure = (cell: SweepCell) => number | null

/** What is drawn against the strength. */
const MEASURES: readonly { readonly key: string; readonly title: string; readonly label: string; readonly of: Measure }[] = [
  { key: 'concept', title: 'Concept', label: 'concept, 0 to 2', of: ({ measures }) => measures.concept?.value ?? null },
  {
    key: 'rise',
    title: 'Concept, net',
    label: 'of the text less of the baseline’s, −2 to 2',
    of: ({ measures }) => measures.concept && netConcept(measures.concept)
  },
  { key: 'fluency', title: 'Fluency', label: 'fluency, 0 to 2', of: ({ measures }) => measures.fluency.value },
  { key: 'overall', title: 'Overall', label: 'harmonic mean, 0 to 2', of: ({ measures }) => measures.overall },
  {
    key: 'target',
    title: 'Target probability',
    label: 'probability of the target, mean over the text',
    of: ({ target }) => target?.mean ?? null
  },
  { key: 'kl', title: 'Divergence', label: 'KL(steered || unsteered), nats', of: ({ kl }) => kl },
  {
    key: 'perplexity',
    title: 'Perplexity',
    label: 'log perplexity under the unsteered model',
    of: ({ measures }) => Math.log(measures.fluency.perplexity)
  },
  { key: 'repetition', title: 'Repetition', label: 'share of repeated 4-grams', of: ({ measures }) => measures.fluency.repetition }
]

/** Prompts without which there are neither intervals nor halves. */
const FEWEST = 2
const CONCEPT = 'concept'
const RISE = 'rise'
const FLUENCY = 'fluency'
const OVERALL = 'overall'

interface Sample {
  readonly settings: SweepSettings
  /** Prompts with every seed done, by their place; their parts. */
  readonly prompts: readonly (readonly SweepPart[])[]
  readonly bootstrap: Bootstrap
}

export function sweepResult({ settings: given, prompts, parts, leftOut }: Finished<SweepSettings, SweepPart>): ExperimentResult {
  const settings = { ...given, recipes: namedApart(given.recipes) }
  const byPrompt = grouped(parts)
  const whole = [...byPrompt.entries()].sort(([a], [b]) => a - b).flatMap(([, own]) => (own.length === settings.seeds.length ? [own] : []))
  const sample: Sample = { settings, prompts: whole, bootstrap: bootstrapOf(whole.length, settings) }
  const ranges = settings.recipes.map((_, recipe) => rangeOf(sample, recipe))
  return {
    sentence: sentenceOf(sample, ranges),
    prompts: whole.length,
    tables: [rangeTable(sample, ranges), ...(settings.recipes.length > 0 ? [doseTable(sample)] : []), textTable(sample)],
    curves: MEASURES.flatMap((measure) => curveOf(sample, measure, ranges)),
    notes: [
      ...leftOutNote(prompts, leftOut),
      'A strength multiplies what is added and what is set or clamped to; scale and project go from 1 at strength 0; ablate and cap are as they are at every strength but 0.',
      `A strength is useful where the net concept is above 0 with its whole interval (the text’s beside the baseline’s, less the baseline’s beside the text: 0 on average where they differ by chance, while the concept counts excess alone and is above 0 then, too) and the mean fluency is at least ${settings.floor} of the baseline’s.${whole.length < FEWEST ? ' One prompt gives no intervals, so no strength is called useful.' : ''}`,
      'The chosen strength has the largest overall score on one half of the prompts, drawn by the seed; what is reported for it comes from the other half.',
      'Intervals are over prompts; the seeds of a prompt are averaged.',
      `Scores: ${scoreFormula().join('; ')}.`
    ]
  }
}

function grouped(parts: readonly SweepPart[]): Map<number, SweepPart[]> {
  const found = new Map<number, SweepPart[]>()
  for (const part of parts) found.set(part.prompt, [...(found.get(part.prompt) ?? []), part])
  return found
}

/** One number for each prompt: the mean over seeds of a recipe at a strength. Null where there is no such number. */
function valuesOf({ prompts }: Pick<Sample, 'prompts'>, recipe: number, coefficient: number, of: Measure): number[] | null {
  const rows = prompts.map((parts) =>
    parts.map(({ cells }) => cells.find((cell) => cell.recipe === recipe && cell.coefficient === coefficient))
  )
  const values = rows.map((cells) => {
    const numbers = cells.flatMap((cell) => (cell === undefined ? [] : [of(cell)])).filter((value): value is number => value !== null)
    return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length
  })
  return values.includes(null) ? null : values.flatMap((value) => (value === null ? [] : [value]))
}

const measureOf = (key: string): Measure => MEASURES.find((measure) => measure.key === key)?.of ?? (() => null)

/** Strengths at which a recipe is useful, as runs of neighbours. */
interface Range {
  readonly useful: readonly number[]
  readonly runs: readonly { readonly from: number; readonly to: number }[]
  /** Chosen on one half, with its overall score on the other; null with fewer than two prompts. */
  readonly chosen: { readonly coefficient: number; readonly overall: Interval | null; readonly prompts: number } | null
}

function rangeOf(sample: Sample, recipe: number): Range {
  const { settings, bootstrap } = sample
  const base = { concept: valuesOf(sample, recipe, 0, measureOf(RISE)), fluency: valuesOf(sample, recipe, 0, measureOf(FLUENCY)) }
  const isUseful = (coefficient: number): boolean => {
    if (sample.prompts.length < FEWEST || coefficient === 0 || base.concept === null || base.fluency === null) return false
    const concept = valuesOf(sample, recipe, coefficient, measureOf(RISE))
    const fluency = bootstrap.mean(valuesOf(sample, recipe, coefficient, measureOf(FLUENCY)) ?? [])
    const rise = concept && bootstrap.difference(concept, base.concept)
    const before = bootstrap.mean(base.fluency)
    return rise !== null && fluency !== null && before !== null && rise.low > 0 && fluency.value >= settings.floor * before.value
  }
  const useful = settings.coefficients.filter(isUseful)
  return { useful, runs: runsOf(useful, settings.coefficients), chosen: chosenOf(sample, recipe) }
}

function runsOf(useful: readonly number[], all: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  let open = false
  for (const coefficient of all) {
    const is = useful.includes(coefficient)
    const last = runs.at(-1)
    if (is && open && last) last.to = coefficient
    else if (is) runs.push({ from: coefficient, to: coefficient })
    open = is
  }
  return runs
}

function chosenOf({ settings, prompts }: Sample, recipe: number): Range['chosen'] {
  if (prompts.length < FEWEST) return null
  const random = randomStream(settings.seed)
  const order = prompts.map((parts) => ({ parts, key: random() })).sort((a, b) => a.key - b.key)
  const half = Math.ceil(order.length / 2)
  const [first, second] = [order.slice(0, half), order.slice(half)].map((some) => ({ prompts: some.map(({ parts }) => parts) }))
  if (!first || !second) return null
  let best: { coefficient: number; value: number } | null = null
  for (const coefficient of settings.coefficients) {
    if (coefficient === 0) continue
    const values = valuesOf(first, recipe, coefficient, measureOf(OVERALL))
    if (values === null) continue
    const value = values.reduce((sum, own) => sum + own, 0) / values.length
    if (best === null || value > best.value) best = { coefficient, value }
  }
  if (best === null) return null
  const reported = valuesOf(second, recipe, best.coefficient, measureOf(OVERALL)) ?? []
  const overall = bootstrapOf(reported.length, settings).mean(reported)
  return { coefficient: best.coefficient, overall, prompts: second.prompts.length }
}

function curveOf(sample: Sample, { key, title, label, of }: (typeof MEASURES)[number], ranges: readonly Range[]): ResultCurve[] {
  const { settings, bootstrap } = sample
  const series = settings.recipes.map(({ name }, recipe) => ({
    name,
    points: settings.coefficients.flatMap((coefficient) => {
      const mean = bootstrap.mean(valuesOf(sample, recipe, coefficient, of) ?? [])
      return mean === null || !Number.isFinite(mean.value) || valuesOf(sample, recipe, coefficient, of) === null
        ? []
        : [{ x: coefficient, y: mean.value, low: mean.low, high: mean.high }]
    })
  }))
  if (series.every(({ points }) => points.length === 0)) return []
  const marks = settings.recipes.flatMap(({ name }, recipe) => ranges[recipe]?.runs.map((run) => ({ series: name, ...run })) ?? [])
  return [{ name: key, title, x: { label: 'strength', logarithmic: false }, y: { label }, series, ...(marks.length > 0 ? { marks } : {}) }]
}

function rangeTable({ settings }: Sample, ranges: readonly Range[]): ResultTable {
  return {
    name: 'ranges',
    title: 'Useful strengths',
    columns: [
      { key: 'recipe', label: 'Recipe', unit: '' },
      { key: 'useful', label: 'Concept up, fluency kept', unit: '' },
      { key: 'chosen', label: 'Chosen on one half', unit: '' },
      { key: 'overall', label: 'Overall on the other half', unit: '' }
    ],
    rows: settings.recipes.map(({ name }, recipe): ResultCell[] => {
      const { runs, chosen } = ranges[recipe] ?? { runs: [], chosen: null }
      return [name, runs.length === 0 ? 'none' : runs.map(runWords).join(', '), chosen?.coefficient ?? null, chosen?.overall ?? null]
    }),
    note: `Fluency is kept where its mean is at least ${settings.floor} of the baseline’s. Overall: harmonic mean of concept, fluency and relatedness where there are any, 0 to 2.`
  }
}

const runWords = ({ from, to }: { from: number; to: number }): string => (from === to ? minus(from) : `${minus(from)} to ${minus(to)}`)
const minus = (strength: number): string => String(strength).replace(/^-/, '−')
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

function doseTable(sample: Sample): ResultTable {
  const { settings, bootstrap } = sample
  const rows = settings.recipes.flatMap(({ name }, recipe) =>
    settings.coefficients.map((coefficient): ResultCell[] => [
      name,
      coefficient,
      ...MEASURES.map(({ of }) => {
        const values = valuesOf(sample, recipe, coefficient, of)
        return values === null ? null : bootstrap.mean(values)
      })
    ])
  )
  return {
    name: 'dose_response',
    title: 'Dose and response',
    columns: [
      { key: 'recipe', label: 'Recipe', unit: '' },
      { key: 'strength', label: 'Strength', unit: '' },
      ...MEASURES.map(({ key, title }) => ({ key, label: title, unit: '' }))
    ],
    rows,
    note: `${counted(sample.prompts.length, 'prompt')}; ${sample.prompts.length < FEWEST ? 'so few have no intervals' : '95 % bootstrap intervals'}. Strength 0 is the baseline.`
  }
}

function textTable({ settings, prompts }: Sample): ResultTable {
  const rows = prompts.flatMap((parts) =>
    parts.flatMap(({ id, seed, cells }) =>
      cells.map(({ recipe, coefficient, tokens, editSize, kl, measures, text }): ResultCell[] => [
        id,
        seed,
        settings.recipes[recipe]?.name ?? '',
        coefficient,
        tokens,
        editSize,
        measures.concept?.value ?? null,
        measures.fluency.value,
        measures.relatedness?.value ?? null,
        measures.overall,
        measures.fluency.perplexity,
        kl,
        text
      ])
    )
  )
  const generations = prompts.flat().reduce((sum, { cells }) => sum + 1 + cells.filter(({ coefficient }) => coefficient !== 0).length, 0)
  const labels = [
    'prompt',
    'seed',
    'recipe',
    'strength',
    'tokens',
    'edit size',
    'concept',
    'fluency',
    'relatedness',
    'overall',
    'perplexity',
    'KL',
    'text'
  ]
  return {
    name: 'texts',
    title: 'Every text',
    columns: labels.map((label) => ({ key: label.toLowerCase().replace(' ', '_'), label, unit: '' })),
    rows,
    note: `${counted(generations, 'generation')}. Strength 0 is the baseline’s text, once for each recipe whose concept it is scored for.`
  }
}

function sentenceOf(sample: Sample, ranges: readonly Range[]): string {
  const { settings, prompts } = sample
  if (settings.recipes.length === 0 || prompts.length === 0) return 'No prompt is done, so nothing can be said yet.'
  const useful = settings.recipes.flatMap(({ name }, recipe) => {
    const { runs = [] } = ranges[recipe] ?? {}
    return runs.length === 0 ? [] : [`“${name}” at ${runs.map(runWords).join(', ')}`]
  })
  const best = settings.recipes
    .flatMap(({ name }, recipe) => {
      // Without a concept the overall score is of fluency alone, and not to be held beside others.
      const chosen = valuesOf(sample, recipe, 0, measureOf(CONCEPT)) === null ? null : ranges[recipe]?.chosen
      return chosen?.overall ? [{ name, ...chosen, overall: chosen.overall }] : []
    })
    .sort((a, b) => b.overall.value - a.overall.value)[0]
  const found =
    prompts.length < FEWEST
      ? 'One prompt cannot tell which strengths are useful'
      : useful.length === 0
        ? 'No recipe raises the concept while fluency is kept'
        : `The concept rises while fluency is kept for ${useful.join('; ')}`
  const of = best
    ? `; the best overall score on the other half of the prompts is ${words(best.overall, 2)} of 2, of “${best.name}” at ${minus(best.coefficient)}`
    : ''
  return `${found}${of}, over ${counted(prompts.length, 'prompt')} and ${counted(settings.seeds.length, 'seed')}.`
}
