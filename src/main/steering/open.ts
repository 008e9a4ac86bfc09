/** Puts together what steering runs on: a model cut at every hook point that some recipe needs. */
import { assert } from '../../shared/errors'
import type { Recipe } from '../../shared/records/steering'
import type { ModelSessions } from '../models'
import type { Model, SegmentSpec } from '../models/types'
import type { Session } from '../runtime/types'
import { checkReads, compileRecipe, cutsOf, OWN, type CompiledRecipe, type SteeringSae, type SteeringSaes } from './compile'
import { createCut, type Cut } from './editor'

/** A segment with a cache, loaded. */
export interface RunningSegment {
  readonly session: Session
  readonly layers: readonly number[]
  /** Names of its inputs and outputs. */
  readonly takes: ReadonlySet<string>
  readonly gives: ReadonlySet<string>
}

/** A model as a chain: tokens to the first cut, from cut to cut, and from the last to logits; without cuts one segment. */
export interface Chain {
  readonly model: Model
  readonly segments: readonly RunningSegment[]
  readonly cuts: readonly Cut[]
}

/** What columns are read with. */
export interface Steering {
  readonly plain: Chain
  /** The same with attention patterns handed out, and with them given; null while no recipe freezes attention. */
  readonly frozen: { readonly source: Chain; readonly given: Chain } | null
  /** The compiled form of a recipe, which is one of those that this was opened with, itself and no copy; null is the baseline. */
  compiled(recipe: Recipe | null): CompiledRecipe | null
}

/** What a bench has: sessions, and its SAE with its hook point if there is one. */
export interface SteeringParts {
  readonly sessions: ModelSessions
  readonly sae: SteeringSae | null
  /** Further SAEs that recipes name, by hash. */
  readonly others?: ReadonlyMap<string, SteeringSae>
}

/**
 * Compiles the recipes and loads the sessions that are not loaded yet. The model is cut where the recipes need it; with the bench's own SAE
 * it is always cut at its hook point, so that a baseline runs the sessions that exact ablation uses too. `encoded` are keys of SAEs whose
 * hook points the model is cut at besides, and whose inputs are handed out (`ColumnsRead.input`).
 * @throws LATENT_UNKNOWN, INTERVENTION_INVALID, DIRECTION_INVALID, HOOK_UNKNOWN, TOKEN_UNKNOWN, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function openSteering(
  parts: SteeringParts,
  recipes: readonly (Recipe | null)[],
  encoded: readonly string[] = []
): Promise<Steering> {
  const { sessions, sae } = parts
  const { model } = sessions
  const saes = saesOf(parts)
  const compiled = new Map<Recipe, CompiledRecipe>()
  for (const recipe of recipes) if (recipe !== null && !compiled.has(recipe)) compiled.set(recipe, compileRecipe(model, saes, recipe))
  const all = [...compiled.values()]
  const needed = cutsOf(model, saes, all, encoded)
  const hooks = needed.length === 0 && sae !== null ? [sae.hook] : needed
  const cuts: Cut[] = []
  for (const hook of hooks) cuts.push(await createCut(hook, saes, all, encoded))
  checkReads(
    model,
    saes,
    all,
    cuts.flatMap((cut) => [...cut.saes.keys()])
  )
  const freezes = all.some(({ frozen }) => frozen)
  return {
    plain: await openChain(sessions, cuts),
    frozen: freezes ? { source: await openChain(sessions, cuts, 'out'), given: await openChain(sessions, cuts, 'given') } : null,
    compiled(recipe) {
      if (recipe === null) return null
      const found = compiled.get(recipe)
      assert(found, `the recipe "${recipe.name}" is one of those that were opened`)
      return found
    }
  }
}

/** The SAEs of a bench by key: its own, and the others by their hash. */
export function saesOf({ sae, others }: SteeringParts): SteeringSaes {
  return new Map([...(others ?? []), ...(sae === null ? [] : [[OWN, sae] as const])])
}

async function openChain(sessions: ModelSessions, cuts: readonly Cut[], patterns?: 'out' | 'given'): Promise<Chain> {
  const segments: RunningSegment[] = []
  let from = 'tokens'
  for (const cut of cuts) {
    segments.push(await openSegment(sessions, { from, to: cut.hook, cache: true, ...readsOf(cut), ...(patterns ? { patterns } : {}) }))
    from = cut.hook
  }
  segments.push(await openSegment(sessions, { from, to: 'logits', cache: true, ...(patterns ? { patterns } : {}) }))
  return { model: sessions.model, segments, cuts }
}

/** One place is read by the name that exact ablation uses, so that the session is the same. */
function readsOf({ reads }: Cut): Partial<SegmentSpec> {
  const [only] = reads
  if (only === undefined) return {}
  return reads.length === 1 ? { also: only } : { watch: reads }
}

async function openSegment(sessions: ModelSessions, spec: SegmentSpec): Promise<RunningSegment> {
  const { layers, graph } = sessions.layout(spec)
  const takes = new Set(graph.inputs.map(({ name }) => name))
  return { session: await sessions.segment(spec), layers, takes, gives: new Set(graph.outputs.keys()) }
}
