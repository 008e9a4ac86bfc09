/**
 * Recipes made ready to run: which edits act at which hook point, along which directions, by which SAE, under which conditions. What
 * cannot be done is refused here, before anything runs.
 */
import { assert, fail } from '../../shared/errors'
import type { EditCondition, Intervention, Recipe } from '../../shared/records/steering'
import { canonicalHook, checkHook, hookOrder, widthOf } from '../models'
import type { Model } from '../models/types'
import type { Encoder } from '../saes'
import { checkEdit, formatIntervention } from './interventions'
import { vectorOf } from './vector-text'

/** Key of the SAE that a bench is opened with; the others go by their hash. */
export const OWN = ''

/** An SAE at its hook point. */
export interface SteeringSae {
  readonly encoder: Encoder
  readonly hook: string
  readonly reads: string
}

/** The SAEs at hand, by key. */
export type SteeringSaes = ReadonlyMap<string, SteeringSae>

/** What an edit acts along: a latent of an SAE, or a raw direction. */
export type Subject =
  { readonly kind: 'latent'; readonly sae: string; readonly latent: number } | { readonly kind: 'direction'; readonly vector: Float32Array }

export interface CompiledEdit {
  readonly edit: Intervention
  readonly hook: string
  readonly subject: Subject
  /** With the key of its SAE. */
  readonly condition:
    (EditCondition & { readonly kind: 'probability' }) | (EditCondition & { readonly kind: 'activation'; readonly sae: string }) | null
}

/** A recipe ready to run. */
export interface CompiledRecipe {
  readonly recipe: Recipe
  readonly edits: readonly CompiledEdit[]
  /** SAEs whose reconstruction is written without their error, at every position: empty where the error is kept. */
  readonly replaced: readonly string[]
  /** Whether something of the unsteered model on the same text must be known: a token's probability, or where attention looks. */
  readonly watchesToken: boolean
  readonly frozen: boolean
}

/**
 * @throws LATENT_UNKNOWN, INTERVENTION_INVALID, DIRECTION_INVALID, HOOK_UNKNOWN, TOKEN_UNKNOWN
 */
export function compileRecipe(model: Model, saes: SteeringSaes, recipe: Recipe): CompiledRecipe {
  const edits = recipe.interventions.map((edit) => compileEdit(model, saes, recipe, edit))
  const named = edits.flatMap(({ subject }) => (subject.kind === 'latent' ? [subject.sae] : []))
  const replaced = recipe.keepError ? [] : [...new Set(named.length > 0 ? named : saes.has(OWN) ? [OWN] : [])]
  const hooks = replaced.map((key) => canonicalHook(saes.get(key)?.hook ?? ''))
  const [first] = recipe.interventions
  if (!recipe.keepError && (replaced.length === 0 || new Set(hooks).size < hooks.length))
    fail('INTERVENTION_INVALID', {
      text: first === undefined ? recipe.name : formatIntervention(first),
      reason:
        replaced.length === 0
          ? 'the error of an SAE is dropped, but none is open'
          : 'two SAEs of one hook point cannot both write their reconstruction; keep the error'
    })
  return {
    recipe,
    edits,
    replaced,
    watchesToken: edits.some(({ condition }) => condition?.kind === 'probability'),
    frozen: recipe.freezeAttention === true
  }
}

function compileEdit(model: Model, saes: SteeringSaes, recipe: Recipe, edit: Intervention): CompiledEdit {
  const refuse = (reason: string): never => fail('INTERVENTION_INVALID', { text: formatIntervention(edit), reason })
  if (edit.direction !== undefined) {
    const direction = recipe.directions?.find(({ id }) => id === edit.direction)
    if (direction === undefined) return refuse('the recipe holds no such direction')
    checkEdit(edit, null)
    const { hook } = direction
    checkHook(model, hook)
    const subject = { kind: 'direction' as const, vector: vectorOf(direction, widthOf(model.config, hook)) }
    return { edit, hook, subject, condition: compileCondition(model, saes, edit, hook, refuse) }
  }
  const key = keyOf(saes, edit.sae)
  const sae = saes.get(key)
  if (sae === undefined)
    return refuse(key === OWN ? 'no SAE is open whose latents it could name' : `the recipe does not say where the SAE ${key} lies`)
  checkEdit(edit, sae.encoder.sae)
  const subject = { kind: 'latent' as const, sae: key, latent: edit.latent }
  return { edit, hook: sae.hook, subject, condition: compileCondition(model, saes, edit, sae.hook, refuse) }
}

function compileCondition(
  model: Model,
  saes: SteeringSaes,
  { condition }: Intervention,
  hook: string,
  refuse: (reason: string) => never
): CompiledEdit['condition'] {
  if (condition === undefined) return null
  if (!Number.isFinite(condition.bound)) return refuse(`the bound "${condition.bound}" of its condition is not a number`)
  if (condition.kind === 'probability') {
    const last = model.config.d_vocab - 1
    if (condition.token.id > last) fail('TOKEN_UNKNOWN', { id: condition.token.id, last })
    return condition
  }
  const key = keyOf(saes, condition.sae)
  const sae = saes.get(key)
  if (sae === undefined) return refuse('no SAE is open whose latent its condition could name')
  const { d_sae, name } = sae.encoder.sae
  if (condition.latent >= d_sae) fail('LATENT_UNKNOWN', { sae: name, latent: condition.latent, last: d_sae - 1 })
  if (hookOrder(model, sae.hook) > hookOrder(model, hook))
    return refuse(`its condition is read at ${sae.hook}, which comes after ${hook}, where it acts`)
  return { ...condition, sae: key }
}

/** The key of an SAE that is named by its hash; the bench's own has one key only, however it is named. */
function keyOf(saes: SteeringSaes, hash: string | undefined): string {
  return hash === undefined || saes.get(OWN)?.encoder.sae.hash === hash ? OWN : hash
}

/** The hook points that some recipe needs, and those of the SAEs `encoded`, in forward order. */
export function cutsOf(
  model: Model,
  saes: SteeringSaes,
  recipes: readonly (CompiledRecipe | null)[],
  encoded: readonly string[] = []
): string[] {
  const own = encoded.map((key) => saeOf(saes, key).hook)
  const hooks = [...own, ...recipes.flatMap((recipe) => (recipe === null ? [] : hooksOf(saes, recipe)))]
  const distinct = [...new Map(hooks.map((hook) => [canonicalHook(hook), hook])).values()]
  return distinct.sort((a, b) => hookOrder(model, a) - hookOrder(model, b))
}

/**
 * A segment that starts between where a transcoder reads and where it writes no longer has what it reads.
 * @throws INTERVENTION_INVALID for the first edit at such a place
 */
export function checkReads(model: Model, saes: SteeringSaes, recipes: readonly CompiledRecipe[], keys: Iterable<string>): void {
  const order = (hook: string): number => hookOrder(model, hook)
  for (const key of keys) {
    const { encoder, hook, reads } = saeOf(saes, key)
    const between = (edit: CompiledEdit): boolean => order(reads) < order(edit.hook) && order(edit.hook) < order(hook)
    const found = recipes.flatMap(({ edits }) => edits).find(between)
    if (found === undefined) continue
    const reason = `it acts between ${reads}, which ${encoder.sae.name} reads, and ${hook}, where that writes; compare the two apart`
    fail('INTERVENTION_INVALID', { text: formatIntervention(found.edit), reason })
  }
}

function hooksOf(saes: SteeringSaes, { edits, replaced }: CompiledRecipe): string[] {
  const keys = [...replaced, ...edits.flatMap(({ condition }) => (condition?.kind === 'activation' ? [condition.sae] : []))]
  return [...edits.map(({ hook }) => hook), ...keys.map((key) => saeOf(saes, key).hook)]
}

/** The SAE of a key that was looked at when the recipe was compiled. */
export function saeOf(saes: SteeringSaes, key: string): SteeringSae {
  const sae = saes.get(key)
  assert(sae, 'a compiled recipe names SAEs that are at hand')
  return sae
}
