/** Recipes as values: making, editing, naming and comparing them, without a store. */
import type { Intervention, InterventionMode, InterventionPositions, Recipe } from '../../shared/records/steering'
import { formatNumber } from './format'

/** What the coefficient of a mode counts, in words beside the number; empty for ablate, which has none. */
export const UNITS: Record<InterventionMode, string> = {
  add: '× raw decoder row',
  set: 'activation',
  scale: '× activation',
  ablate: '',
  clamp: 'activation',
  project: '× projection',
  cap: 'projection'
}

export const MODES: readonly { value: InterventionMode; label: string; note: string }[] = [
  { value: 'add', label: 'add', note: 'hook value + coefficient × W_dec[latent]' },
  { value: 'set', label: 'set', note: 'activation := coefficient' },
  { value: 'scale', label: 'scale', note: 'activation × coefficient' },
  { value: 'ablate', label: 'ablate', note: 'activation := 0' }
]

export const POSITIONS: readonly { value: InterventionPositions; label: string; note: string }[] = [
  { value: 'all', label: 'all', note: 'every position, prompt and generated' },
  { value: 'prompt', label: 'prompt', note: 'the positions of the prompt only' },
  { value: 'generated', label: 'generated', note: 'where generated tokens are read: first changes the second new token' },
  { value: 'last', label: 'last', note: 'the last of the prompt and each newest position: changes every new token' }
]

const FALLBACK_STRENGTH = 8
const DEFAULT_FACTOR = 2

/**
 * A first intervention on a latent: add as much of its decoder row as its activation in the prompt put there, rounded to
 * two significant digits, so that the first run does something visible and stays near what the model knows.
 */
export function interventionFor(latent: number, activation: number | null = null): Intervention {
  const size = activation !== null && Number.isFinite(activation) && activation > 0 ? Number(activation.toPrecision(2)) : FALLBACK_STRENGTH
  return { latent, mode: 'add', coefficient: size, positions: 'all' }
}

/** The intervention in another mode. The coefficient stays where its unit allows: add and set are both in activations. */
export function inMode(intervention: Intervention, mode: InterventionMode): Intervention {
  if (mode === intervention.mode) return intervention
  const isSize = (each: InterventionMode): boolean => each === 'add' || each === 'set'
  if (mode === 'ablate') return { ...intervention, mode, coefficient: 0 }
  if (isSize(mode)) return { ...intervention, mode, coefficient: isSize(intervention.mode) ? intervention.coefficient : FALLBACK_STRENGTH }
  return { ...intervention, mode, coefficient: DEFAULT_FACTOR }
}

/** The recipe with the interventions added; latents it already has stay as they are. */
export function withLatents(recipe: Recipe, interventions: readonly Intervention[]): Recipe {
  const known = new Set(recipe.interventions.map(({ latent }) => latent))
  const fresh = interventions.filter(({ latent }) => !known.has(latent))
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

/** A number that was typed, as it was typed: no digits that only fill up. */
export function plainNumber(value: number): string {
  return formatNumber(value, 6)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}

/** One intervention in words: "402 sadness words: add 8 × raw decoder row at all positions". */
export function describeIntervention({ latent, mode, coefficient, positions }: Intervention, label: string | null): string {
  const what = mode === 'ablate' ? 'ablate' : `${mode} ${plainNumber(coefficient)} ${UNITS[mode]}`
  return `${latent}${label ? ` ${label}` : ''}: ${what} at ${positions === 'last' ? 'the last position' : `${positions} positions`}`
}

/** Whether two recipes make the same run. Names do not count. */
export function sameEffect(a: Recipe, b: Recipe): boolean {
  return (
    a.keepError === b.keepError &&
    a.interventions.length === b.interventions.length &&
    a.interventions.every((each, index) => {
      const other = b.interventions[index]
      return (
        other !== undefined &&
        other.latent === each.latent &&
        other.mode === each.mode &&
        other.positions === each.positions &&
        (each.mode === 'ablate' || other.coefficient === each.coefficient)
      )
    })
  )
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
    return [{ latent: each.latent, label, activation }]
  })
}

function isLatent(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
