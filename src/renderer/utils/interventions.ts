/** Edits as values: making them, changing how they work, saying what they do. Without a store. */
import type { EditCondition, Intervention, InterventionMode, InterventionPositions, Recipe } from '../../shared/records/steering'
import { inUnit, NOTHING_KNOWN, sizeOf, unitOf, unitsOf, unitText, type KnownUnits } from './edit-units'
import { formatNumber } from './format'
import { visibleToken } from './tokens'

export const MODES: readonly { value: InterventionMode; label: string; note: string }[] = [
  { value: 'add', label: 'add', note: 'hook value + coefficient × row' },
  { value: 'set', label: 'set', note: 'activation := coefficient' },
  { value: 'scale', label: 'scale', note: 'activation × coefficient' },
  { value: 'ablate', label: 'ablate', note: 'activation := 0' },
  { value: 'clamp', label: 'clamp', note: 'activation kept between two bounds' },
  { value: 'project', label: 'project', note: 'the part along the row × coefficient; 0 projects it out' },
  { value: 'cap', label: 'cap', note: 'the part along the row kept at most at coefficient' }
]

/** What can be done along a raw direction, which has no activation. */
const DIRECTION_MODES: ReadonlySet<InterventionMode> = new Set(['add', 'project', 'cap'])

export const modesOf = (isDirection: boolean): typeof MODES =>
  isDirection ? MODES.filter(({ value }) => DIRECTION_MODES.has(value)) : MODES

export const POSITIONS: readonly { value: InterventionPositions; label: string; note: string }[] = [
  { value: 'all', label: 'all', note: 'every position, prompt and generated' },
  { value: 'prompt', label: 'prompt', note: 'the positions of the prompt only' },
  { value: 'generated', label: 'generated', note: 'where generated tokens are read: first changes the second new token' },
  { value: 'last', label: 'last', note: 'the last of the prompt and each newest position: changes every new token' },
  { value: 'range', label: 'range', note: 'from one position to another, counted from 0 along prompt and text' }
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

/** A first edit along a direction of the recipe: all of it, once. */
export function interventionAlong(direction: string): Intervention {
  return { direction, latent: 0, mode: 'add', coefficient: 1, positions: 'all' }
}

/**
 * The intervention in another mode. Between add, set and clamp the number stays, as all three count activations (units of length are turned into
 * activations first, where the row's norm is known); a cap begins at the length that was added; factors have their own.
 */
export function inMode(intervention: Intervention, mode: InterventionMode, known: KnownUnits = NOTHING_KNOWN): Intervention {
  if (mode === intervention.mode) return intervention
  const isSize = ['add', 'set', 'clamp', 'cap'].includes(intervention.mode)
  const { unit: _unit, unitValue: _value, upper: _upper, ...bare } = intervention
  if (mode === 'ablate') return { ...bare, mode, coefficient: 0 }
  if (mode === 'scale') return { ...bare, mode, coefficient: DEFAULT_FACTOR }
  if (mode === 'project') return { ...bare, mode, coefficient: 0 }
  if (!isSize) return { ...bare, mode, coefficient: FALLBACK_STRENGTH, ...(mode === 'cap' ? { unit: 'unit-row' } : {}) }
  if (mode === 'cap') return { ...inUnit(asAdded(intervention), 'unit-row', known), mode }
  const added = asAdded(intervention)
  const isDirection = intervention.direction !== undefined
  const kept = unitsOf(mode, isDirection).includes(unitOf(added)) ? added : inUnit(added, 'row', known)
  const { upper: _unused, ...rest } = kept
  return { ...rest, mode }
}

/** The edit as an addition of the same number: what is set, clamped or capped to is a multiple of the same row. */
function asAdded(intervention: Intervention): Intervention {
  const { upper: _upper, ...rest } = intervention
  return { ...rest, mode: 'add', ...(intervention.mode === 'cap' ? { unit: unitOf(intervention) } : {}) }
}

/** How far one step of the number goes: about a twentieth of it, in round numbers. */
export function stepOf({ mode, unit, coefficient }: Pick<Intervention, 'mode' | 'unit' | 'coefficient'>): number {
  const size = Math.abs(coefficient)
  if (size === 0) return unit === 'residual' ? 0.01 : 0.1
  if (mode === 'scale' || mode === 'project') return 0.1
  const power = 10 ** Math.floor(Math.log10(size))
  return Number((size / power < 2 ? power / 10 : power / 2).toPrecision(3))
}

/** A number that was typed, as it was typed: no digits that only fill up. */
export function plainNumber(value: number): string {
  return formatNumber(value, 6)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}

/** Where an edit acts, shortly: "all", "gen.", "3–7". */
export function shortPositions({ positions, range }: Pick<Intervention, 'positions' | 'range'>): string {
  if (positions === 'generated') return 'gen.'
  if (positions !== 'range') return positions
  return range === undefined ? 'range' : range[0] === range[1] ? String(range[0]) : `${range[0]}–${range[1]}`
}

/** Where an edit acts, in words: "at all positions", "at positions 3 to 7". */
export function wordsOfPositions({ positions, range }: Pick<Intervention, 'positions' | 'range'>): string {
  if (positions === 'last') return 'at the last position'
  if (positions !== 'range') return `at ${positions} positions`
  if (range === undefined) return 'at no position: the range is missing'
  return range[0] === range[1] ? `at position ${range[0]}` : `at positions ${range[0]} to ${range[1]}`
}

/** What must hold for an edit to act: "where latent 7 is above 2", "where “ sad” is below 5 % likely next". */
export function wordsOfCondition(condition: EditCondition): string {
  const bound = plainNumber(condition.kind === 'probability' ? condition.bound * 100 : condition.bound)
  return condition.kind === 'activation'
    ? `where latent ${condition.latent} is ${condition.is} ${bound}`
    : `where the next token is “${visibleToken(condition.token)}” with probability ${condition.is} ${bound}\u00a0%`
}

/** What an edit does, without what it does it to: "add 8 × row", "clamp to 2–8", "project out". */
export function wordsOfMode(edit: Intervention): string {
  const number = plainNumber(edit.coefficient)
  const unit = unitText(edit.mode, unitOf(edit)).short
  const counted = unit === 'activation' || unit === 'long' ? '' : ` ${unit}`
  switch (edit.mode) {
    case 'add':
      return `add ${number} ${unit}`
    case 'set':
      return `set to ${number}${counted}`
    case 'scale':
      return `scale by ${number}`
    case 'ablate':
      return 'ablate'
    case 'clamp':
      return edit.upper === undefined ? `clamp to ≥ ${number}${counted}` : `clamp to ${number}–${plainNumber(edit.upper)}${counted}`
    case 'project':
      return edit.coefficient === 0 ? 'project out' : `part along it × ${number}`
    case 'cap':
      return `cap the part along it at ${number}${counted}`
  }
}

/** What an edit is of: "402 sadness words", or the name of the direction. */
export function nameOfEdited(edit: Pick<Intervention, 'latent' | 'direction'>, label: string | null, recipe: Recipe | null = null): string {
  if (edit.direction === undefined) return `${edit.latent}${label ? ` ${label}` : ''}`
  return recipe?.directions?.find(({ id }) => id === edit.direction)?.name ?? 'a direction that is missing'
}

/** One intervention in words: "402 sadness words: add 8 × row at all positions". A direction is named from its recipe. */
export function describeIntervention(edit: Intervention, label: string | null, recipe: Recipe | null = null): string {
  const where = edit.condition ? ` ${wordsOfCondition(edit.condition)}` : ''
  return `${nameOfEdited(edit, label, recipe)}: ${wordsOfMode(edit)} ${wordsOfPositions(edit)}${where}`
}

/** The size of an edit beside the residual stream ||x||, shortly and in words; null where it is not known. */
export function describeSize(edit: Intervention, known: KnownUnits): { readonly short: string; readonly words: string } | null {
  const size = sizeOf(edit, known)
  if (!size) return null
  const low = formatNumber(size.low, 2)
  const high = formatNumber(size.high, 2)
  if (size.kind === 'is')
    return { short: `${low} ‖x‖`, words: `It adds ${low} times the length of the residual stream, as it is on this prompt on average.` }
  if (size.kind === 'most')
    return {
      short: `≤ ${low} ‖x‖`,
      words: `The part along the row is kept at most ${low} times as long as the residual stream on this prompt.`
    }
  const short = size.high === size.low ? `→ ${low} ‖x‖` : size.high === Infinity ? `≥ ${low} ‖x‖` : `${low}–${high} ‖x‖`
  return { short, words: `The latent’s own part then has this length, beside the mean length of the residual stream on this prompt.` }
}

/** Whether an edit leaves every number as it is, whatever the text. */
export function isIdle({ mode, coefficient, unit, unitValue, positions, range }: Intervention): boolean {
  if (positions === 'range' && (range === undefined || range[1] < range[0])) return true
  if (mode === 'add') return coefficient === 0 || ((unit === 'max' || unit === 'typical') && unitValue === 0)
  return (mode === 'scale' || mode === 'project') && coefficient === 1
}

/** A range out of what was typed: "3-7", "3–7", "7 3", "5"; null for anything else. */
export function parseRange(text: string): [number, number] | null {
  const found = /^\s*(\d{1,7})(?:\s*(?:[-–—:,]|\s)\s*(\d{1,7}))?\s*$/.exec(text)
  if (!found) return null
  const first = Number(found[1])
  const last = Number(found[2] ?? found[1])
  return [Math.min(first, last), Math.max(first, last)]
}

/** The range after a token was picked: of that one, or up to it from the one picked before. */
export function pickedRange(from: number | null, position: number): [number, number] {
  return from === null ? [position, position] : [Math.min(from, position), Math.max(from, position)]
}
