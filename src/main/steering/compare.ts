/** A comparison: the baseline and one column per recipe, on one prompt and seed, with scores and provenance. */
import { fail } from '../../shared/errors'
import type { Comparison, ComparisonColumn, GeneratedToken, GenerationSettings, Recipe } from '../../shared/records/steering'
import type { PromptInput } from '../../shared/records/token'
import type { Task } from '../../shared/task'
import type { Sae } from '../saes/types'
import { generateColumns, type OnToken } from './generate'
import { changesNothing, checkInterventions, formatIntervention } from './interventions'
import type { SteeredModel } from './read'
import { scoreColumn } from './score'
import { continuationText } from './text'

/** What a comparison runs on. `steered` is opened by `openSteered` for the same model, SAE and hook point. */
export interface SteeringBench {
  readonly sae: Sae | null
  readonly hook: string | null
  readonly steered: SteeredModel
  readonly versions: Readonly<Record<string, string>>
}

export interface ComparisonRequest {
  readonly prompt: PromptInput
  /** The prompt as ids, checked against the vocabulary. */
  readonly promptIds: readonly number[]
  readonly recipes: readonly Recipe[]
  readonly settings: GenerationSettings
  readonly target: { readonly id: number } | null
  /** Whether the second pass is taken: log-probabilities under the unsteered model, KL, perplexity. */
  readonly score: boolean
}

/**
 * Generates the baseline (column 0) and a column per recipe, streaming each token, then scores the finished texts.
 * Fails with LATENT_UNKNOWN, INTERVENTION_INVALID, TOKEN_UNKNOWN, CONTEXT_FULL, NUMBERS_NOT_FINITE; rejects with Cancelled.
 */
export async function compareRuns(bench: SteeringBench, request: ComparisonRequest, task: Task, onToken: OnToken): Promise<Comparison> {
  const { steered } = bench
  const { model } = steered
  const { promptIds, settings } = request
  const started = performance.now()
  checkRecipes(bench, request.recipes)
  const target = request.target?.id ?? null
  if (target !== null && (target < 0 || target >= model.config.d_vocab))
    fail('TOKEN_UNKNOWN', { id: target, last: model.config.d_vocab - 1 })
  const recipes = [null, ...request.recipes]
  const generated = await generateColumns(steered, { promptIds, recipes, settings, target }, task, onToken)
  const columns: ComparisonColumn[] = []
  for (const [index, { tokens, finished }] of generated.entries()) {
    const recipe = recipes[index] ?? null
    const ids = tokens.map(({ id }) => id)
    if (request.score) task.progress('Scoring', index, generated.length)
    const scores = request.score ? await scoreColumn(steered, promptIds, ids, recipe, task) : null
    columns.push({ recipe, tokens: [...tokens], text: continuationText(model.tokenizer, promptIds, ids), finished, scores })
  }
  return {
    prompt: request.prompt,
    promptTokens: promptIds.map((id) => model.tokenizer.token(id)),
    settings,
    target: target === null ? null : model.tokenizer.token(target),
    columns,
    provenance: provenanceOf(bench, performance.now() - started)
  }
}

/** The tokens of one column as `generate` of the command line reports them. */
export function plainTokens(tokens: readonly GeneratedToken[]): { id: number; text: string; logprob: number }[] {
  return tokens.map(({ id, text, logprob }) => ({ id, text, logprob }))
}

function checkRecipes({ sae }: SteeringBench, recipes: readonly Recipe[]): void {
  for (const recipe of recipes) {
    if (sae !== null) checkInterventions(recipe.interventions, sae)
    else if (!changesNothing(recipe)) {
      const [first] = recipe.interventions
      fail('INTERVENTION_INVALID', {
        text: first === undefined ? recipe.name : formatIntervention(first),
        reason: 'no SAE is open whose latents it could name'
      })
    }
  }
}

function provenanceOf({ sae, hook, steered, versions }: SteeringBench, milliseconds: number): Comparison['provenance'] {
  const { model } = steered
  const { requested, used } = steered.suffix.session.device
  return {
    model: { name: model.name, path: model.folder, hash: model.hash },
    sae: sae === null ? null : { name: sae.name, path: sae.folder, hash: sae.hash },
    hook: sae === null ? null : hook,
    device: { requested, used },
    versions: { ...versions },
    createdAt: new Date().toISOString(),
    milliseconds
  }
}
