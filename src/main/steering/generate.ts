/**
 * Baseline and steered columns, decoded in lockstep with a key/value cache: one run per token for all columns together.
 *
 * A recipe that changes nothing shares the baseline's run, so its numbers are the baseline's, bit for bit. A column that has ended
 * leaves the batch and costs nothing any more.
 */
import { assert, fail } from '../../shared/errors'
import { breathe, type Task } from '../../shared/task'
import type { GeneratedToken, GenerationSettings, Recipe } from '../../shared/records/steering'
import type { Token } from '../../shared/records/token'
import { changesNothing } from './interventions'
import { randomStream, type RandomStream } from '../statistics/random'
import { keepColumns, partColumns, readTokens, startReading, type SteeredModel } from './read'
import { chooseToken, logTotal } from './sampling'

export interface GenerationRequest {
  readonly promptIds: readonly number[]
  /** One entry per column; null is the baseline. */
  readonly recipes: readonly (Recipe | null)[]
  readonly settings: GenerationSettings
  /** Id of the token whose probability is watched, or null. */
  readonly target: number | null
  /** A column ends with the first token of which this says so; it ends at its settings alone when left out. */
  readonly stop?: (token: Token) => boolean
}

export interface GeneratedColumn {
  readonly tokens: readonly GeneratedToken[]
  readonly finished: 'length' | 'end'
}

/** Called once for each new token, in the order they come. */
export type OnToken = (column: number, index: number, token: GeneratedToken) => void

/** One run of the batch and the columns that show it. */
interface Run {
  readonly recipe: Recipe | null
  readonly columns: readonly number[]
  readonly random: RandomStream
  readonly tokens: GeneratedToken[]
  finished: 'length' | 'end' | null
}

/**
 * Generates every column. Cancel takes effect between tokens (rejects with Cancelled). Fails with CONTEXT_FULL when prompt and
 * wanted tokens do not fit, and with NUMBERS_NOT_FINITE.
 */
export async function generateColumns(
  steered: SteeredModel,
  request: GenerationRequest,
  task: Task,
  onToken: OnToken
): Promise<GeneratedColumn[]> {
  const { promptIds, settings } = request
  checkRoom(promptIds.length, settings.maxTokens, steered.model.config.n_ctx)
  const runs = planRuns(request)
  await breathe(task)
  let active = runs
  let { logits, reading } = await readTokens(steered, startReading(steered, runs.length), [promptIds], recipesOf(runs), promptIds.length, [
    promptIds.length - 1
  ])
  reading = partColumns(reading, runs.length)
  for (let index = 0; index < settings.maxTokens; index++) {
    active.forEach((run, row) => step(run, rowOf(logits.data, row, active.length), index, steered, request, onToken))
    task.progress('Generating', index + 1, settings.maxTokens)
    const going = active.map((run, row) => (run.finished === null ? row : -1)).filter((row) => row >= 0)
    if (going.length === 0) break
    await breathe(task)
    if (going.length < active.length) {
      reading = keepColumns(reading, going)
      active = active.filter(({ finished }) => finished === null)
    }
    const text = active.map(({ tokens }) => [tokens.at(-1)?.id ?? 0])
    ;({ logits, reading } = await readTokens(steered, reading, text, recipesOf(active), promptIds.length, [0]))
  }
  return request.recipes.map((_, column) => {
    const run = runs.find(({ columns }) => columns.includes(column))
    assert(run?.finished, 'every column belongs to a run that has ended')
    return { tokens: run.tokens, finished: run.finished }
  })
}

/** Columns that change nothing share one run; every other column has its own. */
function planRuns({ recipes, settings }: GenerationRequest): Run[] {
  const run = (recipe: Recipe | null, columns: number[]): Run => ({
    recipe,
    columns,
    random: randomStream(settings.seed),
    tokens: [],
    finished: null
  })
  const idle = recipes.flatMap((recipe, column) => (recipe === null || changesNothing(recipe) ? [column] : []))
  const steered = recipes.flatMap((recipe, column) => (recipe === null || changesNothing(recipe) ? [] : [run(recipe, [column])]))
  return idle.length === 0 ? steered : [run(null, idle), ...steered]
}

/** Chooses one run's next token and tells its columns. */
function step(
  run: Run,
  logits: Float32Array,
  index: number,
  { model }: SteeredModel,
  { settings, target, stop }: GenerationRequest,
  onToken: OnToken
): void {
  const total = logTotal(logits, `generating token ${index + 1} of ${run.recipe === null ? 'the baseline' : `"${run.recipe.name}"`}`)
  const id = chooseToken(logits, settings, run.random)
  const token: GeneratedToken = {
    ...model.tokenizer.token(id),
    logprob: (logits[id] ?? NaN) - total,
    targetProbability: target === null ? null : Math.exp((logits[target] ?? NaN) - total)
  }
  run.tokens.push(token)
  if ((settings.stopAtEnd && model.config.eosIds.includes(id)) || stop?.(token) === true) run.finished = 'end'
  else if (run.tokens.length === settings.maxTokens) run.finished = 'length'
  for (const column of run.columns) onToken(column, index, token)
}

/** Fails with PROMPT_EMPTY, PROMPT_TOO_LONG or CONTEXT_FULL unless `wanted` tokens fit after a prompt of `tokens`. */
export function checkRoom(tokens: number, wanted: number, limit: number): void {
  if (tokens === 0) fail('PROMPT_EMPTY')
  if (tokens > limit) fail('PROMPT_TOO_LONG', { tokens, limit, excess: tokens - limit })
  if (tokens + wanted > limit) fail('CONTEXT_FULL', { tokens, wanted, limit, room: limit - tokens })
}

function recipesOf(runs: readonly Run[]): (Recipe | null)[] {
  return runs.map(({ recipe }) => recipe)
}

/** Row `row` of a [rows, n] array, without a copy. */
function rowOf(data: Float32Array, row: number, rows: number): Float32Array {
  const size = data.length / rows
  return data.subarray(row * size, (row + 1) * size)
}
