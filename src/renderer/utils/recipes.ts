/** Recipes as values: making, editing, naming and comparing them, without a store. */
import type { Direction, EditCondition, GeneratedToken, Intervention, Recipe, RecipeSae } from '../../shared/records/steering'
import { unitOf } from './edit-units'
import { isIdle } from './interventions'

/** What an edit is of, as a key: a latent of an SAE, or a direction. */
function targetOf({ sae, direction, latent }: Intervention): string {
  return JSON.stringify(direction === undefined ? [sae ?? '', latent] : direction)
}

/** The recipe with the interventions added; what it edits already stays as it is. */
export function withLatents(recipe: Recipe, interventions: readonly Intervention[]): Recipe {
  const known = new Set(recipe.interventions.map(targetOf))
  const fresh = interventions.filter((each) => !known.has(targetOf(each)))
  return fresh.length === 0 ? recipe : { ...recipe, interventions: [...recipe.interventions, ...fresh] }
}

/** The recipe with its intervention at `index` replaced, or taken out when `next` is null. */
export function withIntervention(recipe: Recipe, index: number, next: Intervention | null): Recipe {
  return { ...recipe, interventions: recipe.interventions.flatMap((each, at) => (at !== index ? [each] : next ? [next] : [])) }
}

/** "Recipe 3": the first such name that is not taken. */
export function freeName(taken: readonly string[], stem = 'Recipe'): string {
  for (let number = 1; ; number++) if (!taken.includes(`${stem} ${number}`)) return `${stem} ${number}`
}

/** The name for a copy: "sad copy", "sad copy 2". */
export function copyName(name: string, taken: readonly string[]): string {
  const stem = `${name.replace(/ copy( \d+)?$/, '')} copy`
  return taken.includes(stem) ? freeNameFrom(stem, taken) : stem
}

function freeNameFrom(stem: string, taken: readonly string[]): string {
  for (let number = 2; ; number++) if (!taken.includes(`${stem} ${number}`)) return `${stem} ${number}`
}

/** Whether two recipes make the same run. Names do not count, nor what an edit says beside the point: the number of an ablation, a range that is not used. */
export function sameEffect(a: Recipe, b: Recipe): boolean {
  return JSON.stringify(effectOf(a)) === JSON.stringify(effectOf(b))
}

/** All of a recipe that a run depends on, in one way of writing it. */
function effectOf(recipe: Recipe): unknown {
  const { interventions, keepError, editSpecial = true, freezeAttention = false } = recipe
  const saes = (hash: string | undefined): unknown => {
    const sae = recipe.saes?.find((each) => each.hash === hash)
    return sae ? [sae.hash, sae.hook, sae.reading] : (hash ?? null)
  }
  const direction = (id: string | undefined): unknown => {
    const found = recipe.directions?.find((each) => each.id === id)
    return found ? [found.hook, found.vector] : (id ?? null)
  }
  return [
    keepError,
    editSpecial,
    freezeAttention,
    interventions.map((each) => [
      direction(each.direction),
      each.direction === undefined ? [saes(each.sae), each.latent] : null,
      each.mode,
      each.mode === 'ablate' ? null : [each.coefficient, unitOf(each)],
      each.unit === 'max' || each.unit === 'typical' ? (each.unitValue ?? null) : null,
      each.mode === 'clamp' ? (each.upper ?? null) : null,
      each.positions,
      each.positions === 'range' ? (each.range ?? null) : null,
      each.condition ? effectOfCondition(each.condition, saes) : null
    ])
  ]
}

function effectOfCondition(condition: EditCondition, sae: (hash: string | undefined) => unknown): unknown {
  const { kind, is, bound } = condition
  return [kind, is, bound, condition.kind === 'activation' ? [sae(condition.sae), condition.latent] : condition.token.id]
}

/** Why a recipe changes nothing, so that its column repeats the baseline; null where it may change something. */
export function whyIdle({ interventions, keepError }: Recipe): string | null {
  if (!keepError) return null
  if (interventions.length === 0) return 'Nothing is edited yet, so this column repeats the baseline.'
  return interventions.every(isIdle) ? 'Every edit is of size 0, so this column repeats the baseline.' : null
}

/** Whether a recipe means the SAE of the bench anywhere: an edit or condition that names no other, or a reconstruction written alone. */
export function needsBench({ interventions, keepError }: Recipe): boolean {
  const named = interventions.some(({ sae }) => sae !== undefined)
  return (
    (!keepError && !named) ||
    interventions.some(
      ({ sae, direction, condition }) =>
        (sae === undefined && direction === undefined) || (condition?.kind === 'activation' && condition.sae === undefined)
    )
  )
}

/** The recipe with the bench's SAE named as one of its own, so that it means the same on any bench. */
export function withSaeNamed(recipe: Recipe, sae: RecipeSae): Recipe {
  const named = (hash: string | undefined): string => hash ?? sae.hash
  const interventions = recipe.interventions.map((each) => ({
    ...each,
    ...(each.direction === undefined ? { sae: named(each.sae) } : {}),
    ...(each.condition?.kind === 'activation' ? { condition: { ...each.condition, sae: named(each.condition.sae) } } : {})
  }))
  return { ...recipe, interventions, saes: [...(recipe.saes ?? []).filter(({ hash }) => hash !== sae.hash), sae] }
}

/** What a recipe does otherwise than usual, shortly, each with the recipe as it would be with that as usual. */
export function switchesOf(recipe: Recipe): readonly { readonly label: string; readonly usual: Recipe }[] {
  const { editSpecial: _special, ...withSpecials } = recipe
  const { freezeAttention: _frozen, ...thawed } = recipe
  return [
    ...(recipe.keepError ? [] : [{ label: 'no error', usual: { ...recipe, keepError: true } }]),
    ...(recipe.editSpecial === false ? [{ label: 'no specials', usual: withSpecials }] : []),
    ...(recipe.freezeAttention === true ? [{ label: 'attention frozen', usual: thawed }] : [])
  ]
}

/** Directions that a recipe does not edit yet: its own, and those of the project's other recipes, each once. */
export function directionsToAdd(recipe: Recipe, others: readonly Recipe[]): readonly Direction[] {
  const used = new Set(recipe.interventions.map(({ direction }) => direction))
  const all = [recipe, ...others].flatMap(({ directions }) => directions ?? [])
  const edited = all.filter(({ id }) => used.has(id))
  const same = (a: Direction, b: Direction): boolean => a.id === b.id || (a.hook === b.hook && a.vector === b.vector)
  return all.filter((each, at) => !edited.some((other) => same(other, each)) && all.findIndex((other) => same(other, each)) === at)
}

/** How far the edits moved the hook value in a generated text, as shares of its length: mean and largest over the tokens that say; null where none does. */
export function measuredSize(tokens: readonly GeneratedToken[]): { readonly mean: number; readonly largest: number } | null {
  const sizes = tokens.flatMap(({ editSize }) => (editSize === undefined ? [] : [editSize]))
  return sizes.length === 0 ? null : { mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length, largest: Math.max(...sizes) }
}

/** The recipe without SAEs that no edit or condition names. Directions stay: they exist nowhere else. */
export function withoutUnusedSaes(recipe: Recipe): Recipe {
  if (!recipe.saes) return recipe
  const used = new Set(
    recipe.interventions.flatMap(({ sae, condition }) => [sae, condition?.kind === 'activation' ? condition.sae : undefined])
  )
  const saes = recipe.saes.filter(({ hash }) => used.has(hash))
  const { saes: _saes, ...rest } = recipe
  return saes.length === 0 ? rest : saes.length === recipe.saes.length ? recipe : { ...rest, saes }
}

/**
 * A colour index 0..6 per recipe, kept while the recipe is known; a new one takes the colour used least, the lowest of
 * those first. Index 7, grey, is the baseline's.
 */
export function assignColours(known: ReadonlyMap<string, number>, ids: readonly string[]): Map<string, number> {
  const next = new Map(ids.flatMap((id): [string, number][] => (known.has(id) ? [[id, known.get(id) ?? 0]] : [])))
  for (const id of ids) {
    if (next.has(id)) continue
    const uses = Array.from({ length: BASELINE_COLOUR }, (_, colour) => [...next.values()].filter((each) => each === colour).length)
    next.set(id, uses.indexOf(Math.min(...uses)))
  }
  return next
}

export const BASELINE_COLOUR = 7

/** The MIME type under which latents are dragged; the data is the JSON of `DraggedLatent[]`. */
export const LATENT_DRAG = 'application/x-gradsae-latent'

export interface DraggedLatent {
  latent: number
  label: string | null
  activation: number | null
  /** Hash of its SAE; absent for that of the bench. */
  sae?: string
}

/** Latents out of a drag's data: one or a list, as JSON. Anything else gives none. */
export function readDraggedLatents(data: string): DraggedLatent[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch {
    return []
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).flatMap((each: unknown) => {
    if (typeof each === 'number') return isLatent(each) ? [{ latent: each, label: null, activation: null }] : []
    if (typeof each !== 'object' || each === null || !('latent' in each) || typeof each.latent !== 'number' || !isLatent(each.latent))
      return []
    const label = 'label' in each && typeof each.label === 'string' ? each.label : null
    const activation = 'activation' in each && typeof each.activation === 'number' ? each.activation : null
    const sae = 'sae' in each && typeof each.sae === 'string' ? { sae: each.sae } : {}
    return [{ latent: each.latent, label, activation, ...sae }]
  })
}

function isLatent(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
