/** What a steering run needs, as a value: the call it makes, the plan that a saved record had, the record of a run that was stopped. */
import type { ModelInfo, SaeInfo, SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import type { ConceptSettings } from '../../shared/records/scores'
import type { Comparison, GenerationSettings, Recipe } from '../../shared/records/steering'
import type { Token } from '../../shared/records/token'
import { stoppedColumns, type LiveColumn } from './live-comparison'

/** What a run needs; the same for a run from the bench and for a saved comparison that is run again. */
export interface ComparisonPlan {
  model: Pick<ModelInfo, 'path' | 'name' | 'hash'>
  sae: Pick<SaeInfo, 'path' | 'name' | 'hash' | 'notes'> | null
  hook: string | null
  /** How the SAE is read. */
  reading: SaeReading
  /** What is known of the pair, kept with the comparison. */
  preflight: PreflightSummary | null
  prompt: Comparison['prompt']
  promptTokens: readonly Token[]
  promptId: string | null
  promptName: string
  recipes: readonly Recipe[]
  settings: GenerationSettings
  target: Token | null
  /** Tokens besides the target whose probabilities are watched. */
  watched: readonly Token[]
  /** What the texts are scored for; null without scores. */
  concept: ConceptSettings | null
}

/** The input of steering.compare but for the device. */
export function callOf(plan: ComparisonPlan) {
  const steered = plan.recipes.length > 0
  return {
    model: plan.model.path,
    sae: steered ? (plan.sae?.path ?? null) : null,
    hook: steered ? plan.hook : null,
    reading: plan.reading,
    preflight: plan.preflight,
    prompt: plan.prompt,
    recipes: [...plan.recipes],
    settings: plan.settings,
    target: plan.target ? { id: plan.target.id } : null,
    watch: plan.watched.map(({ id }) => id),
    // Without recipes no SAE is opened, and a latent would be of none.
    concept: plan.concept && !steered ? { ...plan.concept, latent: null } : plan.concept
  }
}

/** The plan of a record as it was made; what older records do not hold is as if it had not been asked for. */
export function planOf(comparison: Comparison, promptId: string | null, promptName: string): ComparisonPlan {
  const { prompt, promptTokens, settings, target, watched = [], concept = null, provenance } = comparison
  const { model, sae, hook, preflight } = provenance
  const recipes = comparison.columns.flatMap(({ recipe }) => (recipe ? [recipe] : []))
  const reading = sae?.reading ?? {}
  return { model, sae, hook, reading, preflight, prompt, promptTokens, promptId, promptName, recipes, settings, target, watched, concept }
}

/** The record of a run that ended before its result: what streamed, with its origin as far as it is known. */
export function stoppedRecord(
  plan: ComparisonPlan,
  columns: readonly LiveColumn[],
  made: { readonly device: string; readonly versions: Record<string, string>; readonly milliseconds: number }
): Comparison {
  const { model, sae, watched } = plan
  return {
    prompt: plan.prompt,
    promptTokens: [...plan.promptTokens],
    settings: plan.settings,
    target: plan.target,
    ...(watched.length > 0 ? { watched: [...watched] } : {}),
    columns: stoppedColumns(columns),
    provenance: {
      model: { name: model.name, path: model.path, hash: model.hash },
      sae: sae && { name: sae.name, path: sae.path, hash: sae.hash, notes: [...sae.notes], reading: plan.reading },
      preflight: plan.preflight,
      hook: plan.hook,
      device: { requested: made.device, used: 'not reported: the run was stopped' },
      versions: made.versions,
      createdAt: new Date().toISOString(),
      milliseconds: made.milliseconds
    }
  }
}

/** What a run depends on besides its recipes, whose changes show on their own columns: as text, to compare. */
export function conditionsOf({ model, sae, hook, prompt, settings, target, watched, concept }: ComparisonPlan): string {
  return JSON.stringify([model.path, sae?.path, hook, prompt, settings, target?.id, watched.map(({ id }) => id), concept])
}
