/** What the coefficient of an edit counts: its units, how they convert, and how large the edit is beside the residual stream. */
import type { CoefficientUnit, Intervention, InterventionMode } from '../../shared/records/steering'

/** What a latent's or a direction's units come to on the prompt at hand. Null where it is not known. */
export interface KnownUnits {
  /** ||r||: norm of the decoder row or the direction, as stored. */
  readonly rowNorm: number | null
  /** Mean norm of the hook value over the prompt's positions, specials left out. */
  readonly residualNorm: number | null
  /** Largest activation over all latents at the prompt's last position. */
  readonly largest: number | null
  /** The latent's largest and typical (mean where active) activation, as its labels know them. */
  readonly max: number | null
  readonly typical: number | null
  /** Where `max` and `typical` come from, in words; "" where nothing is known. */
  readonly source: string
}

export const NOTHING_KNOWN: KnownUnits = { rowNorm: null, residualNorm: null, largest: null, max: null, typical: null, source: '' }

interface UnitText {
  /** Beside the number. */
  readonly short: string
  /** What a coefficient of 1 stands for. */
  readonly note: string
}

const ADDED: Record<CoefficientUnit, UnitText> = {
  row: { short: '× row', note: 'the decoder row as stored (SAELens, Neuronpedia)' },
  'unit-row': { short: '× unit', note: 'the row divided by its norm, so that the number is the length that is added' },
  residual: { short: '× ‖x‖', note: 'as long as the hook value at that position' },
  max: { short: '× max', note: 'the row times the latent’s largest activation (SAELens tutorial, AxBench)' },
  typical: { short: '× typical', note: 'the row times the latent’s typical activation, its mean where it is active' },
  largest: { short: '× largest', note: 'the row times the largest activation of any latent at that position (Arad et al.)' }
}

const ACTIVATION: Partial<Record<CoefficientUnit, UnitText>> = {
  row: { short: 'activation', note: 'the latent’s activation itself' },
  max: { short: '× max', note: 'the latent’s largest activation (AxBench)' },
  typical: { short: '× typical', note: 'the latent’s typical activation, its mean where it is active' },
  largest: { short: '× largest', note: 'the largest activation of any latent at that position' }
}

const PROJECTION: Partial<Record<CoefficientUnit, UnitText>> = {
  'unit-row': { short: 'long', note: 'length of the part of the hook value along the row (Neuronpedia)' },
  residual: { short: '× ‖x‖', note: 'share of the hook value’s own length at that position' }
}

const FACTOR: Partial<Record<CoefficientUnit, UnitText>> = { row: { short: '× activation', note: 'a plain factor' } }
const PART: Partial<Record<CoefficientUnit, UnitText>> = { row: { short: '× its part', note: 'a plain factor of the part along the row' } }

const BY_MODE: Record<InterventionMode, Partial<Record<CoefficientUnit, UnitText>>> = {
  add: ADDED,
  set: ACTIVATION,
  clamp: ACTIVATION,
  scale: FACTOR,
  ablate: {},
  project: PART,
  cap: PROJECTION
}

const ORDER: readonly CoefficientUnit[] = ['row', 'unit-row', 'residual', 'max', 'typical', 'largest']
/** Units that are multiples of activations; a raw direction has none. */
const OF_ACTIVATIONS: ReadonlySet<CoefficientUnit> = new Set(['max', 'typical', 'largest'])

/** The units that a mode can be given in, in the order of a list. */
export function unitsOf(mode: InterventionMode, isDirection = false): readonly CoefficientUnit[] {
  return ORDER.filter((unit) => BY_MODE[mode][unit] !== undefined && !(isDirection && OF_ACTIVATIONS.has(unit)))
}

/** The unit that an edit is in; a cap's `row` is the same as its `unit-row`. */
export function unitOf({ mode, unit = 'row' }: Pick<Intervention, 'mode' | 'unit'>): CoefficientUnit {
  return mode === 'cap' && unit === 'row' ? 'unit-row' : unit
}

/** Words for a mode's unit: beside its number, and in full. A mode without that unit is described as the unit is for `add`. */
export function unitText(mode: InterventionMode, unit: CoefficientUnit): UnitText {
  return BY_MODE[mode][unit] ?? ADDED[unit]
}

/** What `max` or `typical` stands for in an edit: what it was made with, else what is known now. */
function unitValue(
  { unit, unitValue: own }: Pick<Intervention, 'unit' | 'unitValue'>,
  of: CoefficientUnit,
  known: KnownUnits
): number | null {
  if (unit === of && own !== undefined) return own
  return of === 'max' ? known.max : known.typical
}

/**
 * What a coefficient of 1 in `unit` comes to, in what the mode changes, whatever its unit: for `add` and `cap` a length
 * (||r||, 1, ||x||, m ||r||, ...), for `set` and `clamp` an activation (1, m, ...), for factors 1. Null where it is not known.
 */
export function worthOf(edit: Intervention, unit: CoefficientUnit, known: KnownUnits): number | null {
  const activations =
    unit === 'largest' ? known.largest : unit === 'max' || unit === 'typical' ? unitValue(edit, unit, known) : unit === 'row' ? 1 : null
  switch (edit.mode) {
    case 'add':
      if (unit === 'unit-row') return 1
      if (unit === 'residual') return known.residualNorm
      return activations === null || known.rowNorm === null ? null : activations * known.rowNorm
    case 'set':
    case 'clamp':
      return activations
    case 'cap':
      return unit === 'residual' ? known.residualNorm : 1
    default:
      return 1
  }
}

/** Takes off a tail of binary rounding, so that a number that is converted there and back reads as it was: within 1e-13 of one with 8 digits. */
function tidy(value: number): number {
  const short = Number(value.toPrecision(8))
  return Math.abs(short - value) <= Math.abs(value) * 1e-13 ? short : value
}

/**
 * The edit with its number in another unit: as large as before where both units are known (c' = c x worth / worth'), else with the
 * number as it was. `max` and `typical` take along what they stand for. A row's norm cancels between units of activations.
 */
export function inUnit(edit: Intervention, unit: CoefficientUnit, known: KnownUnits): Intervention {
  if (unit === unitOf(edit)) return edit
  const factor = conversion(edit, unit, known)
  const { unit: _unit, unitValue: _value, ...rest } = edit
  const value = unit === 'max' || unit === 'typical' ? unitValue(edit, unit, known) : null
  return {
    ...rest,
    coefficient: factor === null ? edit.coefficient : tidy(edit.coefficient * factor),
    ...(edit.upper === undefined ? {} : { upper: factor === null ? edit.upper : tidy(edit.upper * factor) }),
    ...(unit === 'row' ? {} : { unit }),
    ...(value === null ? {} : { unitValue: value })
  }
}

/** By what the number is multiplied when the unit changes; null where that is not known. */
export function conversion(edit: Intervention, unit: CoefficientUnit, known: KnownUnits): number | null {
  // Only ratios count: with an unknown row norm, units of activations still convert into each other.
  const both = known.rowNorm === null && !['unit-row', 'residual'].includes(unit) && !['unit-row', 'residual'].includes(unitOf(edit))
  const sized = both ? { ...known, rowNorm: 1 } : known
  const from = worthOf(edit, unitOf(edit), sized)
  const to = worthOf(edit, unit, sized)
  return from === null || to === null || !(to > 0) ? null : from / to
}

/** Why a unit cannot be chosen for an edit; null when it can. `largest` and `residual` are taken by the engine where they are needed. */
export function unitMissing(edit: Intervention, unit: CoefficientUnit, known: KnownUnits): string | null {
  if (unit !== 'max' && unit !== 'typical') return null
  const value = unitValue(edit, unit, known)
  if (value !== null && value > 0) return null
  const what = unit === 'max' ? 'largest' : 'typical'
  return value === null ? `the latent’s ${what} activation is not known` : `the latent’s ${what} activation is 0`
}

/** How large an edit is beside the residual stream, as a share of ||x||. */
export interface EditSize {
  /** `is`: that large; `most`: at most; `then`: what the latent's own part becomes, whatever it was. */
  readonly kind: 'is' | 'most' | 'then'
  readonly low: number
  readonly high: number
}

/**
 * The size of an edit on the prompt at hand: for `add` ||c u r|| / ||x||; for `set` the part a ||r|| / ||x|| that the latent then has,
 * for `clamp` the same of both bounds (no upper one: infinity); for `cap` the part that is left at most. Null for modes whose size depends on the
 * latent's activation (scale, ablate, project), and where norms are not known.
 */
export function sizeOf(edit: Intervention, known: KnownUnits): EditSize | null {
  const worth = worthOf(edit, unitOf(edit), known)
  const { residualNorm, rowNorm } = known
  if (edit.mode === 'add' && edit.unit === 'residual')
    return { kind: 'is', low: Math.abs(edit.coefficient), high: Math.abs(edit.coefficient) }
  if (edit.mode === 'cap' && edit.unit === 'residual') return { kind: 'most', low: edit.coefficient, high: edit.coefficient }
  if (worth === null || residualNorm === null || !(residualNorm > 0)) return null
  const length = Math.abs(edit.coefficient * worth) / residualNorm
  if (edit.mode === 'add') return { kind: 'is', low: length, high: length }
  if (edit.mode === 'cap')
    return { kind: 'most', low: (edit.coefficient * worth) / residualNorm, high: (edit.coefficient * worth) / residualNorm }
  if ((edit.mode !== 'set' && edit.mode !== 'clamp') || rowNorm === null) return null
  const low = length * rowNorm
  const high = edit.mode === 'set' ? low : edit.upper === undefined ? Infinity : (Math.abs(edit.upper * worth) / residualNorm) * rowNorm
  return { kind: 'then', low, high }
}

/** ||r|| of a direction: the root of the sum of squares of its float32 numbers. Null when the text is not base64 of whole numbers. */
export function directionNorm(vector: string): number | null {
  let bytes: string
  try {
    bytes = atob(vector)
  } catch {
    return null
  }
  if (bytes.length === 0 || bytes.length % 4 !== 0) return null
  const view = new DataView(Uint8Array.from(bytes, (character) => character.charCodeAt(0)).buffer)
  let sum = 0
  for (let at = 0; at < bytes.length; at += 4) sum += view.getFloat32(at, true) ** 2
  return Number.isFinite(sum) ? Math.sqrt(sum) : null
}
