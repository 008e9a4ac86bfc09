/**
 * A sweep: recipes at several strengths, on prompts and seeds; what rises with the strength, and what it costs in fluency.
 *
 * One part is one prompt and one seed: the baseline and every recipe at every strength, decoded as columns of one batch and measured together.
 */
import { assert, fail } from '../../shared/errors'
import type { ConceptSettings } from '../../shared/records/scores'
import type { SetPrompt } from '../../shared/records/sets'
import type { Recipe } from '../../shared/records/steering'
import { atStrength } from '../../shared/strength'
import type { Task } from '../../shared/task'
import { tokenId } from '../attribution'
import { promptIds } from '../models'
import { generateColumns, type GeneratedColumn } from '../steering/generate'
import { measureTexts } from '../steering/measures'
import { openSteering, type SteeringParts } from '../steering/open'
import { scoreColumn } from '../steering/score'
import { continuationText } from '../steering/text'
import * as fields from './fields'
import { sweepResult } from './sweep-result'
import { Part, Settings, type SweepCell, type SweepPart, type SweepSettings } from './sweep-shape'
import { experiment, type ExperimentContext } from './types'

/** Columns that are decoded together. */
const COLUMNS = 16

/** A column of the grid: the baseline is column 0, and strength 0 of every recipe. */
interface Spot {
  readonly recipe: number
  readonly coefficient: number
  readonly column: number
  readonly steered: Recipe | null
}

function gridOf({ recipes, coefficients }: SweepSettings): { spots: Spot[]; columns: (Recipe | null)[] } {
  const columns: (Recipe | null)[] = [null]
  const spots = recipes.flatMap((recipe, at) =>
    coefficients.map((coefficient): Spot => {
      if (coefficient === 0) return { recipe: at, coefficient, column: 0, steered: null }
      const steered = { ...atStrength(recipe, coefficient), id: `${at} ${coefficient}` }
      return { recipe: at, coefficient, column: columns.push(steered) - 1, steered }
    })
  )
  return { spots, columns }
}

async function runPart({ places, prompts, settings }: ExperimentContext<SweepSettings>, part: number, task: Task): Promise<SweepPart> {
  const at = Math.floor(part / settings.seeds.length)
  const prompt = prompts[at]
  const seed = settings.seeds[part % settings.seeds.length]
  assert(prompt && seed !== undefined, 'a part is a prompt and a seed')
  if (settings.recipes.length === 0)
    fail('EXPERIMENT_SETTING', { experiment: sweep.info.title, setting: 'recipes', reason: 'choose at least one recipe' })
  return places.withSaes(settings.recipes, async (bench) => {
    const { model } = bench.sessions
    const ids = promptIds(model, prompt.prompt)
    const target = settings.target === '' ? null : tokenId(model, { text: settings.target })
    const { spots, columns: recipes } = gridOf(settings)
    const columns: GeneratedColumn[] = []
    for (let start = 0; start < recipes.length; start += COLUMNS)
      columns.push(...(await generated(bench, ids, recipes.slice(start, start + COLUMNS), { ...settings, seed, target }, task)))
    const cells: SweepCell[] = []
    for (const [recipe, own] of settings.recipes.entries()) {
      const concept = conceptOf(settings, own, prompts, at)
      cells.push(
        ...(await measured(
          bench,
          ids,
          spots.filter((spot) => spot.recipe === recipe),
          columns,
          concept,
          task
        ))
      )
    }
    return { prompt: at, id: prompt.id, seed, cells }
  })
}

async function generated(
  bench: SteeringParts,
  ids: readonly number[],
  recipes: readonly (Recipe | null)[],
  { maxTokens, temperature, topK, topP, seed, target }: Omit<SweepSettings, 'target'> & { readonly target: number | null },
  task: Task
): Promise<GeneratedColumn[]> {
  const settings = { maxTokens, temperature, topK, topP, seed, stopAtEnd: true }
  return generateColumns(await openSteering(bench, recipes), { promptIds: ids, recipes, settings, target }, task, () => undefined)
}

async function measured(
  bench: SteeringParts,
  ids: readonly number[],
  grid: readonly Spot[],
  columns: readonly GeneratedColumn[],
  concept: ConceptSettings,
  task: Task
): Promise<SweepCell[]> {
  const idsOf = (column: GeneratedColumn | undefined): number[] => column?.tokens.map(({ id }) => id) ?? []
  const baselineIds = idsOf(columns[0])
  const texts = grid.map(({ steered, column }) => ({ promptIds: ids, generatedIds: idsOf(columns[column]), recipe: steered, baselineIds }))
  const measures = await measureTexts(bench, texts, concept, task)
  const cells: SweepCell[] = []
  for (const [i, { recipe, coefficient, steered, ...spot }] of grid.entries()) {
    const [column, own] = [columns[spot.column], measures[i]]
    assert(column && own, 'every column is measured')
    const steering = await openSteering(bench, [steered])
    const { kl } = await scoreColumn(steering, ids, idsOf(column), steered, task)
    const probabilities = column.tokens.flatMap(({ targetProbability }) => (targetProbability === null ? [] : [targetProbability]))
    cells.push({
      recipe,
      coefficient,
      text: continuationText(bench.sessions.model.tokenizer, ids, idsOf(column)),
      tokens: column.tokens.length,
      finished: column.finished,
      editSize: mean(column.tokens.map(({ editSize }) => editSize ?? 0)),
      target: probabilities.length === 0 ? null : { first: probabilities[0] ?? 0, mean: mean(probabilities) },
      kl: mean(kl),
      measures: own
    })
  }
  return cells
}

/** The other prompts stand for what a text is not about. */
const OTHERS = 8

/** The concept is that of the first latent the recipe edits, for its baseline too. */
function conceptOf(settings: SweepSettings, recipe: Recipe, prompts: readonly SetPrompt[], at: number): ConceptSettings {
  const { promoted, keywords, pattern, relatedness } = settings
  const others = prompts.flatMap(({ prompt }, place) => (place === at ? [] : [prompt])).slice(0, OTHERS)
  const words = keywords.split(',').map((word) => word.trim())
  const edit = recipe.interventions.find(({ direction }) => direction === undefined)
  const latent = edit ? { latent: edit.latent, ...(edit.sae === undefined ? {} : { sae: edit.sae }) } : null
  return { latent, promoted, keywords: words.filter((word) => word !== ''), pattern, otherPrompts: relatedness ? others : [] }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

export const sweep = experiment({
  info: {
    name: 'sweep',
    title: 'Steering at many strengths',
    question: 'How strong may a recipe be: where does the concept rise before fluency falls?',
    procedure:
      'Each recipe runs at each strength (a factor on what it adds or sets; 0 is the baseline) on every prompt and seed. Concept, fluency and relatedness are scored without a judge on AxBench’s scale of 0 to 2 (arXiv 2501.17148); the strength is chosen on one half of the prompts and reported on the other.',
    needsAnswers: false,
    fields: [
      fields.RECIPES_FIELD,
      fields.STRENGTHS_FIELD,
      fields.SEEDS_FIELD,
      fields.LENGTH_FIELD,
      fields.TEMPERATURE_FIELD,
      fields.TOP_K_FIELD,
      fields.TOP_P_FIELD,
      fields.WATCHED_FIELD,
      fields.PROMOTED_FIELD,
      fields.KEYWORDS_FIELD,
      fields.PATTERN_FIELD,
      fields.RELATEDNESS_FIELD,
      fields.FLOOR_FIELD,
      fields.RESAMPLES_FIELD,
      fields.SEED_FIELD
    ]
  },
  settings: Settings,
  part: Part,
  parts: (prompts, { seeds }) => prompts.length * seeds.length,
  runPart,
  result: sweepResult
})
