/** A comparison: the baseline and one column per recipe, on one prompt and seed, with scores and provenance. */
import { assert, fail } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import type { ConceptSettings } from '../../shared/records/scores'
import type { Comparison, ComparisonColumn, GenerationSettings, Recipe } from '../../shared/records/steering'
import type { PromptInput } from '../../shared/records/token'
import type { Task } from '../../shared/task'
import { checkPreflight } from '../attribution'
import { promptIds, type ModelSessions } from '../models'
import { checkConcept, measureTexts, scoreFormula } from './measures'
import { checkRoom, generateColumns, type OnToken } from './generate'
import type { SteeringSae } from './compile'
import { openSteering, type Steering } from './open'
import { scoreColumn } from './score'
import { continuationText } from './text'

/** What a comparison runs on: a model's sessions, and an SAE with its hook point if recipes are to be run. */
export interface SteeringBench {
  readonly sessions: ModelSessions
  readonly sae: SteeringSae | null
  /** Further SAEs that recipes name, by hash. */
  readonly others?: ReadonlyMap<string, SteeringSae>
  readonly versions: Readonly<Record<string, string>>
}

export interface ComparisonRequest {
  readonly prompt: PromptInput
  readonly recipes: readonly Recipe[]
  readonly settings: GenerationSettings
  readonly target: { readonly id: number } | null
  /** Ids of further tokens whose probabilities are watched. */
  readonly watch?: readonly number[] | undefined
  /** Whether the second pass is taken: log-probabilities under the unsteered model, KL, perplexity. */
  readonly score: boolean
  /** What the third pass scores the texts for: concept, fluency, relatedness, changed latents; not taken without. */
  readonly concept?: ConceptSettings | null | undefined
  /** How the SAE was opened, for the record. */
  readonly reading?: SaeReading | undefined
  readonly preflight?: PreflightSummary | null | undefined
}

/**
 * Generates the baseline (column 0) and a column per recipe, streaming each token, then scores the finished texts.
 * Fails with PREFLIGHT_STALE, PROMPT_EMPTY, PROMPT_TOO_LONG, CONTEXT_FULL, TOKEN_UNKNOWN, LATENT_UNKNOWN, INTERVENTION_INVALID, NUMBERS_NOT_FINITE;
 * rejects with Cancelled.
 */
export async function compareRuns(bench: SteeringBench, request: ComparisonRequest, task: Task, onToken: OnToken): Promise<Comparison> {
  const { model } = bench.sessions
  const { settings } = request
  const started = performance.now()
  const preflight = bench.sae === null ? null : checkPreflight(request.preflight, model, bench.sae.encoder.sae)
  const ids = promptIds(model, request.prompt)
  const target = request.target?.id ?? null
  const watch = request.watch ?? []
  for (const id of target === null ? watch : [target, ...watch])
    if (!Number.isInteger(id) || id < 0 || id >= model.config.d_vocab) fail('TOKEN_UNKNOWN', { id, last: model.config.d_vocab - 1 })
  checkRoom(ids.length, settings.maxTokens, model.config.n_ctx)
  if (request.concept) checkConcept(bench, request.concept)
  task.progress('Loading', 0, 1)
  const recipes = [null, ...request.recipes]
  const steering = await openSteering(bench, recipes)
  const generated = await generateColumns(steering, { promptIds: ids, recipes, settings, target, watch }, task, onToken)
  const texts = generated.map(({ tokens }) => tokens.map(({ id }) => id))
  const columns: ComparisonColumn[] = []
  for (const [index, { tokens, finished, promptEditSizes }] of generated.entries()) {
    const recipe = recipes[index] ?? null
    const generatedIds = texts[index] ?? []
    if (request.score) task.progress('Scoring', index, generated.length)
    const scores = request.score ? await scoreColumn(steering, ids, generatedIds, recipe, task) : null
    const text = continuationText(model.tokenizer, ids, generatedIds)
    columns.push({ recipe, tokens: [...tokens], text, finished, promptEditSizes: [...promptEditSizes], scores })
  }
  const [baselineIds = []] = texts
  const toMeasure = texts.map((generatedIds, index) => ({ promptIds: ids, generatedIds, recipe: recipes[index] ?? null, baselineIds }))
  const measures = request.concept ? await measureTexts(bench, toMeasure, request.concept, task) : null
  return {
    prompt: request.prompt,
    promptTokens: ids.map((id) => model.tokenizer.token(id)),
    settings,
    target: target === null ? null : model.tokenizer.token(target),
    ...(watch.length === 0 ? {} : { watched: watch.map((id) => model.tokenizer.token(id)) }),
    ...(measures === null
      ? { columns }
      : {
          concept: request.concept,
          formula: scoreFormula(),
          columns: columns.map((column, index) => ({ ...column, measures: measures[index] ?? null }))
        }),
    provenance: { ...provenanceOf(bench, steering, request), preflight, milliseconds: performance.now() - started }
  }
}

function provenanceOf(
  { sessions, sae, others, versions }: SteeringBench,
  { plain }: Steering,
  { recipes, reading = {} }: ComparisonRequest
): Omit<Comparison['provenance'], 'preflight' | 'milliseconds'> {
  const { name, folder, hash } = sessions.model
  const last = plain.segments.at(-1)
  assert(last, 'a chain has segments')
  const { requested, used } = last.session.device
  const opened = sae?.encoder.sae
  const named = new Map(recipes.flatMap(({ saes = [] }) => saes.map((one) => [one.hash, one] as const)))
  const further = [...(others ?? [])].flatMap(([key, { encoder, hook }]) => {
    const { path, notes } = encoder.sae
    return key === opened?.hash
      ? []
      : [{ name: encoder.sae.name, path, hash: key, hook, notes: [...notes], reading: named.get(key)?.reading ?? {} }]
  })
  return {
    model: { name, path: folder, hash },
    sae: opened === undefined ? null : { name: opened.name, path: opened.path, hash: opened.hash, notes: [...opened.notes], reading },
    hook: sae?.hook ?? null,
    ...(further.length === 0 ? {} : { others: further }),
    device: { requested, used },
    versions: { ...versions },
    createdAt: new Date().toISOString()
  }
}
