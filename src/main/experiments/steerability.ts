/**
 * Which of the things that are known of a latent before steering predict how well one can steer with it? Arad et al. 2025
 * (arXiv 2505.20063) say the output score; Shu et al. 2025 (arXiv 2505.08080) rank by influence, activation x gradient.
 *
 * One part is one prompt: its latents are ranked, a sample of them is taken (steerability-latents.ts), each is steered with alone at several
 * strengths and seeds, and its texts are scored without a judge against the baseline's of the same seed.
 */
import { assert, fail } from '../../shared/errors'
import type { CoefficientUnit, Recipe } from '../../shared/records/steering'
import { breathe, type Task } from '../../shared/task'
import { promptIds } from '../models'
import { generateColumns, type GeneratedColumn } from '../steering/generate'
import { conceptValue, harmonicMean, measureTexts } from '../steering/measures'
import { openSteering, type SteeringParts } from '../steering/open'
import { scoreColumn } from '../steering/score'
import { continuationText } from '../steering/text'
import * as fields from './fields'
import { RANKING_METHODS } from './rank-prompt'
import { predict, sampleOf, type Predicted } from './steerability-latents'
import { steerabilityResult } from './steerability-result'
import {
  middleOf,
  Part,
  Settings,
  type SteerabilityPart,
  type SteerabilitySettings,
  type Steered,
  type SteeredLatent
} from './steerability-shape'
import { experiment, type ExperimentContext } from './types'

/** Columns that are decoded together. */
const COLUMNS = 16
/** Promoted tokens that are named. */
const NAMED = 5

/** A latent raised alone; the SAE's error is kept. */
export function recipeOf(
  latent: number,
  coefficient: number,
  { unit, positions }: { unit: CoefficientUnit; positions: 'last' | 'all' }
): Recipe {
  const name = `${latent} ${coefficient}`
  return { id: name, name, interventions: [{ latent, mode: 'add', coefficient, unit, positions }], keepError: true }
}

interface Column {
  readonly latent: number
  readonly coefficient: number
  readonly seed: number
  readonly recipe: Recipe | null
}

async function runPart(
  { bench, prompts, settings }: ExperimentContext<SteerabilitySettings>,
  part: number,
  task: Task
): Promise<SteerabilityPart> {
  const prompt = prompts[part] ?? fail('PROMPT_EMPTY')
  const seed = settings.seed + part
  const found = await predict(bench, prompts, prompt, settings, seed, task)
  const sample = sampleOf(found, settings, seed)
  const steering = { sessions: bench.sessions, sae: bench }
  const ids = promptIds(bench.sessions.model, prompt.prompt)
  const baselines = await generated(
    steering,
    ids,
    settings.seeds.map((each) => ({ latent: -1, coefficient: 0, seed: each, recipe: null })),
    settings,
    task
  )
  const latents: SteeredLatent[] = []
  for (const { latent, drawn } of sample) {
    await breathe(task)
    latents.push({ drawn, ...known(steering, found, latent), ...(await steered(steering, ids, latent, baselines, settings, task)) })
  }
  return { id: prompt.id, active: found.active.length, latents }
}

function known(
  { sessions }: SteeringParts,
  { predictions, promoted }: Predicted,
  latent: number
): Pick<SteeredLatent, 'latent' | 'promotes' | 'predictors'> {
  const { tokenizer } = sessions.model
  return {
    latent,
    promotes: (promoted.get(latent) ?? []).slice(0, NAMED).map((id) => tokenizer.token(id).text),
    predictors: Object.fromEntries([...predictions].map(([name, scores]) => [name, scores.get(latent) ?? null]))
  }
}

/** Everything that steering with one latent comes to; `baselines` has a column for each seed. */
async function steered(
  bench: SteeringParts,
  ids: readonly number[],
  latent: number,
  baselines: readonly GeneratedColumn[],
  settings: SteerabilitySettings,
  task: Task
): Promise<Pick<SteeredLatent, 'texts' | 'kl' | 'text'>> {
  const columns = settings.coefficients.flatMap((coefficient) => {
    const recipe = recipeOf(latent, coefficient, settings)
    return settings.seeds.map((seed): Column => ({ latent, coefficient, seed, recipe }))
  })
  const made = await generated(bench, ids, columns, settings, task)
  const texts = made.map((column, i) => ({
    promptIds: ids,
    generatedIds: idsOf(column),
    // Read unsteered: which latents the edit changed is not asked, so no steered pass is needed.
    recipe: null,
    baselineIds: idsOf(baselines[i % settings.seeds.length])
  }))
  const concept = { latent: { latent }, promoted: settings.promoted, keywords: [], pattern: '', otherPrompts: [] }
  const measures = await measureTexts(bench, texts, concept, task)
  const middle = columns.findIndex(({ coefficient }) => coefficient === middleOf(settings.coefficients))
  const [own, generatedIds] = [columns[middle], idsOf(made[middle])]
  assert(own, 'the strength in the middle is one of the strengths')
  const { kl } = await scoreColumn(await openSteering(bench, [own.recipe]), ids, generatedIds, own.recipe, task)
  return {
    texts: measures.map((found, i): Steered => {
      const column = columns[i]
      assert(column && found.concept, 'every text is scored for its latent')
      const { fluency } = found
      const readBack = conceptValue({ ...found.concept, promoted: null, baselinePromoted: null })
      return {
        coefficient: column.coefficient,
        seed: column.seed,
        concept: found.concept.value,
        readBack: harmonicMean([readBack, fluency.value]),
        fluency: fluency.value,
        overall: found.overall
      }
    }),
    kl: kl.length === 0 ? 0 : kl.reduce((sum, value) => sum + value, 0) / kl.length,
    text: continuationText(bench.sessions.model.tokenizer, ids, generatedIds)
  }
}

const idsOf = (column: GeneratedColumn | undefined): number[] => column?.tokens.map(({ id }) => id) ?? []

async function generated(
  bench: SteeringParts,
  ids: readonly number[],
  columns: readonly Column[],
  { maxTokens, temperature, seed }: SteerabilitySettings,
  task: Task
): Promise<GeneratedColumn[]> {
  const settings = { maxTokens, temperature, topK: 0, topP: 1, seed, stopAtEnd: true }
  const found: GeneratedColumn[] = []
  for (let start = 0; start < columns.length; start += COLUMNS) {
    const some = columns.slice(start, start + COLUMNS)
    const recipes = some.map(({ recipe }) => recipe)
    const request = { promptIds: ids, recipes, settings, seeds: some.map((column) => column.seed), target: null }
    found.push(...(await generateColumns(await openSteering(bench, recipes), request, task, () => undefined)))
  }
  return found
}

export const steerability = experiment({
  info: {
    name: 'steerability',
    title: 'What predicts steerability',
    question: 'Does influence (GradSAE) predict how well a latent steers better than activation, input score or output score?',
    procedure:
      'On each prompt the first latents of every predictor and a random draw of active ones are each added alone, at several strengths and seeds; the texts are scored without a judge on AxBench’s scale of 0 to 2 (arXiv 2501.17148), the strength chosen on one half of the seeds and reported on the other. Input and output score are those of Arad et al. (arXiv 2505.20063).',
    needsAnswers: false,
    fields: [
      {
        kind: 'number',
        key: 'steered',
        label: 'Prompts steered',
        hint: 'The first of the set; the others are only read, for input scores.',
        min: 1,
        max: 10_000,
        integer: true
      },
      {
        kind: 'choices',
        key: 'methods',
        label: 'Methods',
        hint: 'Whose rankings predict, besides input and output score. GradSAE always does.',
        options: RANKING_METHODS.filter((name) => name !== 'random')
      },
      {
        kind: 'number',
        key: 'top',
        label: 'First latents',
        hint: 'Taken from the top of each predictor on each prompt.',
        min: 0,
        max: 100,
        integer: true
      },
      {
        kind: 'number',
        key: 'drawn',
        label: 'Random latents',
        hint: 'Drawn from all that are active on the prompt.',
        min: 1,
        max: 1000,
        integer: true
      },
      {
        kind: 'number',
        key: 'texts',
        label: 'Texts for input scores',
        hint: 'Of the set, with their answers; a latent active in fewer than ten has no input score.',
        min: 1,
        max: 100_000,
        integer: true
      },
      {
        ...fields.PROMOTED_FIELD,
        hint: 'So many of a latent’s promoted tokens make its input and output score, and count as its concept.'
      },
      {
        kind: 'choice',
        key: 'unit',
        label: 'Unit of strengths',
        hint: 'Share of the residual stream’s norm along the decoder row, the largest activation at the position (as Arad et al.), or decoder rows.',
        options: ['residual', 'largest', 'row']
      },
      {
        kind: 'choice',
        key: 'positions',
        label: 'Steered positions',
        hint: 'The prompt’s last and every generated one, or all.',
        options: ['last', 'all']
      },
      { ...fields.STRENGTHS_FIELD, hint: 'Each runs on every latent and seed.' },
      {
        ...fields.SEEDS_FIELD,
        hint: 'Of the texts. One half chooses the strength, the other reports; with a single one the strength in the middle counts.'
      },
      fields.LENGTH_FIELD,
      fields.TEMPERATURE_FIELD,
      fields.TOKEN_FIELD,
      fields.TARGET_FIELD,
      fields.SUBSTITUTION_FIELD,
      fields.SPECIAL_FIELD,
      fields.STEPS_FIELD,
      fields.RESAMPLES_FIELD,
      fields.SEED_FIELD
    ]
  },
  settings: Settings,
  part: Part,
  parts: (prompts, { steered: wanted }) => Math.min(prompts.length, wanted),
  runPart,
  result: steerabilityResult
})
