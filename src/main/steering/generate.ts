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
import { largestOf } from '../models'
import type { Tensor } from '../runtime/types'
import { changesNothing } from './interventions'
import { randomStream, type RandomStream } from '../statistics/random'
import type { Steering } from './open'
import { keepColumns, partColumns, readColumns, startReading, type Reading } from './read'
import { chooseToken, logTotal } from './sampling'

export interface GenerationRequest {
  readonly promptIds: readonly number[]
  /** One entry per column; null is the baseline. */
  readonly recipes: readonly (Recipe | null)[]
  readonly settings: GenerationSettings
  /** A seed for each column; that of the settings for all when left out. */
  readonly seeds?: readonly number[]
  /** Ids of further tokens whose probabilities are watched. */
  readonly watch?: readonly number[]
  /** Id of the token whose probability is watched, or null. */
  readonly target: number | null
  /** A column ends with the first token of which this says so; it ends at its settings alone when left out. */
  readonly stop?: (token: Token) => boolean
}

export interface GeneratedColumn {
  readonly tokens: readonly GeneratedToken[]
  readonly finished: 'length' | 'end'
  /** ||edited - before|| / ||before|| at each position of the prompt, the largest over hook points. */
  readonly promptEditSizes: readonly number[]
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
  steering: Steering,
  request: GenerationRequest,
  task: Task,
  onToken: OnToken
): Promise<GeneratedColumn[]> {
  const { promptIds, settings } = request
  const { model } = steering.plain
  checkRoom(promptIds.length, settings.maxTokens, model.config.n_ctx)
  const runs = planRuns(request)
  await breathe(task)
  let active = runs
  let { logits, sizes, reading } = await readPrompt(steering, runs, promptIds)
  const promptSizes = sizes
  for (let index = 0; index < settings.maxTokens; index++) {
    active.forEach((run, row) => {
      const size = sizes[(row + 1) * (sizes.length / active.length) - 1] ?? 0
      step(run, rowOf(logits.data, row, active.length), size, index, steering, request, onToken)
    })
    task.progress('Generating', index + 1, settings.maxTokens)
    const going = active.map((run, row) => (run.finished === null ? row : -1)).filter((row) => row >= 0)
    if (going.length === 0) break
    await breathe(task)
    if (going.length < active.length) {
      reading = keepColumns(reading, going)
      active = active.filter(({ finished }) => finished === null)
    }
    const text = active.map(({ tokens }) => [tokens.at(-1)?.id ?? 0])
    ;({ logits, sizes, reading } = await readColumns(reading, { text, promptLength: promptIds.length, select: [0] }))
  }
  return request.recipes.map((_, column) => {
    const row = runs.findIndex(({ columns }) => columns.includes(column))
    const run = runs[row]
    assert(run?.finished, 'every column belongs to a run that has ended')
    return { tokens: run.tokens, finished: run.finished, promptEditSizes: Array.from(rowOf(promptSizes, row, runs.length)) }
  })
}

async function readPrompt(
  steering: Steering,
  runs: readonly Run[],
  promptIds: readonly number[]
): Promise<{ logits: Tensor<Float32Array>; sizes: Float32Array; reading: Reading }> {
  const start = startReading(
    steering,
    runs.map(({ recipe }) => recipe)
  )
  const read = await readColumns(start, { text: [promptIds], promptLength: promptIds.length, select: [promptIds.length - 1] })
  return { logits: read.logits, sizes: read.sizes, reading: partColumns(read.reading) }
}

/** Columns that change nothing and draw the same numbers share one run; every other column has its own. */
function planRuns({ recipes, settings, seeds }: GenerationRequest): Run[] {
  const runs = new Map<string, Run & { columns: number[] }>()
  recipes.forEach((recipe, column) => {
    const seed = seeds?.[column] ?? settings.seed
    const idle = recipe === null || changesNothing(recipe)
    const key = idle ? `idle ${settings.temperature === 0 ? '' : seed}` : `column ${column}`
    const known = runs.get(key)
    if (known) known.columns.push(column)
    else runs.set(key, { recipe: idle ? null : recipe, columns: [column], random: randomStream(seed), tokens: [], finished: null })
  })
  return [...runs.values()]
}

/** Chooses one run's next token and tells its columns. */
function step(
  run: Run,
  logits: Float32Array,
  editSize: number,
  index: number,
  { plain: { model } }: Steering,
  { settings, target, watch, stop }: GenerationRequest,
  onToken: OnToken
): void {
  const largest = largestOf(logits)
  const who = run.recipe === null ? 'the baseline' : `"${run.recipe.name}"`
  const total = logTotal(logits, `generating token ${index + 1} of ${who}`, largest)
  const id = chooseToken(logits, settings, run.random, largest)
  const probabilityOf = (token: number): number => Math.exp((logits[token] ?? NaN) - total)
  const token: GeneratedToken = {
    ...model.tokenizer.token(id),
    logprob: (logits[id] ?? NaN) - total,
    targetProbability: target === null ? null : probabilityOf(target),
    ...(watch === undefined || watch.length === 0 ? {} : { watched: watch.map(probabilityOf) }),
    editSize
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

/** Row `row` of a [rows, n] array, without a copy. */
function rowOf(data: Float32Array, row: number, rows: number): Float32Array {
  const size = data.length / rows
  return data.subarray(row * size, (row + 1) * size)
}
