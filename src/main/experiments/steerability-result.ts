/** What predicts steerability: rank correlations within prompts, paired with that of GradSAE, and what the first latents of each come to. Pure. */
import type { ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import type { Interval } from '../../shared/records/sets'
import { bootstrapOf, meanOf, words } from './intervals'
import { leftOutNote, rankingNotes } from './notes'
import { CHANCE, INPUT, OUTPUT } from './steerability-latents'
import { middleOf, type SteerabilityPart, type SteerabilitySettings } from './steerability-shape'
import {
  correlations,
  crossFitted,
  differences,
  drawnOf,
  firstMean,
  OUTCOMES,
  reliabilities,
  SUBJECT,
  type Case,
  type Outcome
} from './steerability-scores'
import type { Finished } from './types'

/** Fewer prompts than these make bootstrap intervals too narrow to say which predictor is better. */
const FEW = 10
/** How many first latents are averaged. */
const DEPTHS = [1, 2, 3, 4, 6, 8, 12, 16]

interface Sample {
  readonly settings: SteerabilitySettings
  readonly parts: readonly SteerabilityPart[]
  readonly predictors: readonly string[]
}

export function steerabilityResult({
  settings,
  prompts,
  parts,
  leftOut
}: Finished<SteerabilitySettings, SteerabilityPart>): ExperimentResult {
  const sample: Sample = { settings, parts, predictors: [...settings.methods, INPUT, OUTPUT, CHANCE] }
  const cases = OUTCOMES.map((outcome) =>
    parts.map(({ latents }) => latents.map((latent): Case => ({ ...latent, value: outcome.of(latent, settings) })))
  )
  const [main = [], readBack = []] = cases
  return {
    sentence: sentenceOf(sample, main),
    prompts: parts.length,
    tables:
      parts.length === 0
        ? []
        : [...OUTCOMES.map((outcome, i) => correlationTable(sample, outcome, cases[i] ?? [])), topTable(sample, main), latentTable(sample)],
    curves:
      parts.length === 0
        ? []
        : [
            topCurve(sample, main, 'top', 'Steerability of the first n'),
            topCurve(sample, readBack, 'top_read_back', 'The same by the activation read back alone')
          ],
    notes: [...leftOutNote(prompts, leftOut), ...notesOf(sample, readBack), ...rankingNotes({ ...settings })]
  }
}

/** Mean over the prompts that have a value, with its interval over them. */
function over(values: readonly (number | null)[], settings: SteerabilitySettings): Interval | null {
  const there = values.filter((value) => value !== null)
  return bootstrapOf(there.length, settings).mean(there)
}

function correlationTable(
  { settings, predictors }: Sample,
  { key, title, note }: Outcome,
  cases: readonly (readonly Case[])[]
): ResultTable {
  const drawn = drawnOf(cases)
  return {
    name: key,
    title,
    columns: [
      { key: 'predictor', label: 'Predictor', unit: '' },
      { key: 'correlation', label: 'Correlation', unit: '' },
      { key: 'gradsae_minus', label: 'GradSAE minus it', unit: '' },
      { key: 'correlation_drawn', label: 'Among random latents', unit: '' },
      { key: 'gradsae_minus_drawn', label: 'GradSAE minus it', unit: '' },
      { key: 'latents', label: 'Latents', unit: '' }
    ],
    rows: predictors.map((name): ResultCell[] => [
      name,
      over(correlations(cases, name), settings),
      name === SUBJECT ? null : over(differences(cases, name), settings),
      over(correlations(drawn, name), settings),
      name === SUBJECT ? null : over(differences(drawn, name), settings),
      cases.flat().filter(({ predictors: scores }) => (scores[name] ?? null) !== null).length
    ]),
    note: `${note} Spearman’s rank correlation over the latents of a prompt, averaged over prompts; 95 % bootstrap intervals over prompts, drawn whole. Differences are of the same latents.`
  }
}

function topCurve({ settings, predictors, parts }: Sample, cases: readonly (readonly Case[])[], name: string, title: string): ResultCurve {
  const most = Math.max(...parts.map(({ latents }) => latents.length))
  return {
    name,
    title,
    x: { label: 'first n latents', logarithmic: false },
    y: { label: 'mean score, 0 to 2' },
    series: predictors.map((predictor) => ({
      name: predictor,
      points: DEPTHS.filter((n) => n <= most).flatMap((n) => {
        const mean = over(
          cases.map((own) => firstMean(own, predictor, n)),
          settings
        )
        return mean === null ? [] : [{ x: n, y: mean.value, low: mean.low, high: mean.high }]
      })
    }))
  }
}

function topTable({ settings, predictors }: Sample, cases: readonly (readonly Case[])[]): ResultTable {
  const shown = [1, 3, 8]
  return {
    name: 'top',
    title: 'Steerability of the first latents',
    columns: [
      { key: 'predictor', label: 'Predictor', unit: '' },
      ...shown.map((n) => ({ key: `first_${n}`, label: n === 1 ? 'First' : `First ${n}`, unit: '' })),
      { key: 'sample', label: 'Whole sample', unit: '' }
    ],
    rows: predictors.map((name): ResultCell[] => [
      name,
      ...shown.map((n) =>
        over(
          cases.map((own) => firstMean(own, name, n)),
          settings
        )
      ),
      over(
        cases.map((own) => meanOf(own.map(({ value }) => value))),
        settings
      )
    ]),
    note: 'Mean overall score, 0 to 2, of the latents of a prompt’s sample that a predictor puts first; 95 % bootstrap intervals over prompts.'
  }
}

/** Every latent on every prompt, the most steerable first. */
function latentTable({ settings, parts, predictors }: Sample): ResultTable {
  const rows = parts.flatMap(({ id, latents }) =>
    latents.map((latent) => ({ id, latent, ...crossFitted(latent.texts, settings, ({ overall }) => overall) }))
  )
  rows.sort((a, b) => b.value - a.value)
  return {
    name: 'latents',
    title: 'Every latent',
    columns: [
      { key: 'prompt', label: 'Prompt', unit: '' },
      { key: 'latent', label: 'Latent', unit: '' },
      { key: 'promotes', label: 'Promotes', unit: '' },
      { key: 'steerability', label: 'Steerability', unit: '' },
      { key: 'strength', label: 'Best strength', unit: '' },
      { key: 'read_back', label: 'Read back', unit: '' },
      { key: 'divergence', label: 'KL', unit: '' },
      ...predictors.filter((name) => name !== CHANCE).map((name) => ({ key: name.replace(/\W/g, '_'), label: name, unit: '' })),
      { key: 'drawn', label: 'Drawn', unit: '' },
      { key: 'text', label: 'A text', unit: '' }
    ],
    rows: rows.map(({ id, latent, value, chosen }): ResultCell[] => [
      id,
      String(latent.latent),
      latent.promotes
        .map((token) => token.trim())
        .filter((token) => token !== '')
        .join(', '),
      value,
      chosen,
      crossFitted(latent.texts, settings, ({ readBack }) => readBack).value,
      latent.kl,
      ...predictors.filter((name) => name !== CHANCE).map((name) => latent.predictors[name] ?? null),
      latent.drawn ? 'yes' : 'no',
      latent.text
    ]),
    note: `The text is that of the first seed at strength ${middleOf(settings.coefficients)}.`
  }
}

/** Which predictors GradSAE beats, which beat it, and which cannot be told from it: by the paired intervals. */
function verdict({ settings, predictors }: Sample, cases: readonly (readonly Case[])[]): string {
  const found = predictors.flatMap((name) => {
    if (name === SUBJECT || name === CHANCE) return []
    const [own, difference] = [over(correlations(cases, name), settings), over(differences(cases, name), settings)]
    if (own === null || difference === null) return []
    return [{ text: `${name} at ${words(own, 2)}`, side: difference.low > 0 ? 'better' : difference.high < 0 ? 'worse' : 'open' }]
  })
  const list = (side: string): string => joined(found.flatMap((one) => (one.side === side ? [one.text] : [])))
  const clauses = [
    list('better') && `it predicts better than ${list('better')}`,
    list('worse') && `worse than ${list('worse')}`,
    list('open') && `and cannot be told from ${list('open')}`
  ].filter((clause) => clause !== '')
  return clauses.join(', ').replace(/^(worse|and cannot)/, (start) => (start === 'worse' ? 'it predicts worse' : 'it cannot'))
}

function joined(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`
}

function sentenceOf(sample: Sample, cases: readonly (readonly Case[])[]): string {
  const { settings, parts } = sample
  if (parts.length === 0) return 'No prompt is done, so nothing can be said yet.'
  const own = over(correlations(cases, SUBJECT), settings)
  if (own === null) return 'On no prompt are there three latents that steer differently, so nothing can be said of what predicts it.'
  const compared = verdict(sample, cases)
  const chance = over(correlations(drawnOf(cases), SUBJECT), settings)
  return `Influence (GradSAE) has a rank correlation of ${words(own, 2)} with steerability${compared === '' ? '' : `; ${compared}`}${chance === null ? '' : `; among latents drawn at random alone it is ${words(chance, 2)}`}; ${cases.flat().length} latents on ${parts.length} prompt${parts.length === 1 ? '' : 's'}${parts.length < FEW ? ', which are too few for such intervals' : ''}.`
}

function notesOf(sample: Sample, readBack: readonly (readonly Case[])[]): string[] {
  const { settings, parts } = sample
  const own = parts.length === 0 ? null : over(correlations(readBack, SUBJECT), settings)
  const agreement = over(reliabilities(parts, settings), settings)
  const missing = parts.flatMap(({ latents }) => latents).filter(({ predictors }) => (predictors[INPUT] ?? null) === null).length
  const units = {
    residual: 'the residual stream’s norm at the position, along the decoder row',
    largest: 'the largest activation over all latents at the position',
    row: 'the decoder row'
  }
  return [
    ...(own === null ? [] : [`By the activation read back alone GradSAE’s correlation is ${words(own, 2)}; ${verdict(sample, readBack)}.`]),
    `The sample of a prompt is the first ${settings.top} latents of every predictor and ${settings.drawn} drawn at random from all active ones, so that no predictor chooses it. Being taken for one predictor makes high scores of another rarer in the sample; among random latents alone nothing is chosen.`,
    `A strength of 1 adds once ${units[settings.unit]}, ${settings.positions === 'last' ? 'at the prompt’s last position and while generating' : 'at all positions'}.`,
    settings.seeds.length < 2
      ? 'With one seed the strength in the middle counts: nothing is left to choose another on.'
      : 'The strength of a latent is chosen on one half of the seeds and reported on the other, and the other way round; the two are averaged.',
    ...(agreement === null
      ? []
      : [
          `The two halves rank the latents of a prompt with a correlation of ${words(agreement, 2)}: their texts are few, which keeps every predictor’s correlation from 1.`
        ]),
    'Latents that are steered with on several prompts are not independent between them, so intervals are somewhat too narrow.',
    ...(missing > 0
      ? [
          `${missing} have no input score: they are active in fewer than ten of the texts, or their SAE does not write into the residual stream.`
        ]
      : [])
  ]
}
