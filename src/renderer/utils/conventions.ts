/**
 * How others steer, as presets: each sets what its source fixes about an edit, and leaves the rest. One entry of the list per convention;
 * the sources are the code of each (SAELens tutorials, Neuronpedia inference server, AxBench, Arad et al.) as of 2025:
 * AxBench arXiv 2501.17148, Arad et al. arXiv 2505.20063.
 */
import type { CoefficientUnit, Intervention, InterventionMode, InterventionPositions, Recipe } from '../../shared/records/steering'
import { inUnit, unitMissing, type KnownUnits } from './edit-units'
import { inMode } from './interventions'

export interface Convention {
  readonly id: string
  /** As in "As in ...". */
  readonly name: string
  readonly source: string
  /** What is written at a hook value x, with row r, r̂ = r / ‖r‖ and activation a, and what its number usually is. */
  readonly formula: string
  readonly mode: InterventionMode
  readonly unit: CoefficientUnit
  /** The number that the source uses; null where it leaves it open: the edit's own stays, as large as it is. */
  readonly coefficient: number | null
  readonly positions: InterventionPositions | 'before-last'
  readonly keepError: boolean
  /** What stands for a largest activation that is not positive. */
  readonly maxInstead?: number
}

export const CONVENTIONS: readonly Convention[] = [
  {
    id: 'saelens-max',
    name: 'SAELens, largest activation',
    source: 'SAELens tutorial_2_0',
    formula: 'x + strength × max × r, everywhere; strength from −4 to 4, usually 2',
    mode: 'add',
    unit: 'max',
    coefficient: 2,
    positions: 'all',
    keepError: true
  },
  {
    id: 'saelens-raw',
    name: 'SAELens, raw vector',
    source: 'SAELens using_an_sae_as_a_steering_vector',
    formula: 'x + coefficient × r at the positions of the prompt before its last; 300 or 100 on GPT-2',
    mode: 'add',
    unit: 'row',
    coefficient: 300,
    positions: 'before-last',
    keepError: true
  },
  {
    id: 'neuronpedia-raw',
    name: 'Neuronpedia, raw',
    source: 'Neuronpedia completion',
    formula: 'x + strength × multiplier × r, everywhere; strength from −300 to 300, multiplier 1',
    mode: 'add',
    unit: 'row',
    coefficient: null,
    positions: 'all',
    keepError: true
  },
  {
    id: 'neuronpedia-normalised',
    name: 'Neuronpedia, normalised',
    source: 'Neuronpedia completion with normalize_steering',
    formula: 'x + strength × multiplier × r̂, everywhere',
    mode: 'add',
    unit: 'unit-row',
    coefficient: null,
    positions: 'all',
    keepError: true
  },
  {
    id: 'neuronpedia-orthogonal',
    name: 'Neuronpedia, orthogonal',
    source: 'Neuronpedia orthogonal steering',
    formula: '(I − P) x + coefficient × P x with P the projector on r; 0 projects it out',
    mode: 'project',
    unit: 'row',
    coefficient: null,
    positions: 'all',
    keepError: true
  },
  {
    id: 'neuronpedia-cap',
    name: 'Neuronpedia, projection cap',
    source: 'Neuronpedia projection cap',
    formula: 'the part of x along r̂ kept at most at the coefficient, an absolute length',
    mode: 'cap',
    unit: 'unit-row',
    coefficient: null,
    positions: 'all',
    keepError: true
  },
  {
    id: 'axbench-add',
    name: 'AxBench, addition',
    source: 'AxBench (Wu et al. 2025)',
    formula: 'x + factor × max × r, everywhere; factors from 0.2 to 5',
    mode: 'add',
    unit: 'max',
    coefficient: 1,
    positions: 'all',
    keepError: true,
    maxInstead: 50
  },
  {
    id: 'axbench-clamp',
    name: 'AxBench, clamping',
    source: 'AxBench (Wu et al. 2025)',
    formula: 'a := factor × max, error kept; factors from 0.4 to 100',
    mode: 'set',
    unit: 'max',
    coefficient: 2,
    positions: 'all',
    keepError: true,
    maxInstead: 50
  },
  {
    id: 'arad',
    name: 'Arad et al.',
    source: 'Arad, Mueller and Belinkov 2025',
    formula: 'a + s × the largest activation of any latent, at the last position, error kept; s = 10 for the output score',
    mode: 'add',
    unit: 'largest',
    coefficient: 10,
    positions: 'last',
    keepError: true
  }
]

/** Modes of activations, which a raw direction has none of. */
const OF_LATENTS: ReadonlySet<InterventionMode> = new Set(['set', 'scale', 'ablate', 'clamp'])

/** What a convention makes of an edit, or what is missing for it, in words. */
export type Applied = { readonly edit: Intervention } | { readonly missing: string }

/**
 * The edit as the convention has it. What it leaves open (the number, a condition) stays as it is. `promptTokens` is the length of the prompt at
 * hand, null while it is not known.
 */
export function asIn(convention: Convention, edit: Intervention, known: KnownUnits, promptTokens: number | null): Applied {
  const isDirection = edit.direction !== undefined
  if (isDirection && (OF_LATENTS.has(convention.mode) || convention.unit === 'max' || convention.unit === 'largest'))
    return { missing: 'a direction has no activations' }
  const range = convention.positions === 'before-last' ? beforeLast(promptTokens) : undefined
  if (range === null) return { missing: 'the prompt has no position before its last' }
  const moded = inMode(edit, convention.mode, known)
  const usable = withMax(convention, known)
  const missing = unitMissing(withoutValue(moded), convention.unit, usable)
  if (missing !== null) return { missing }
  const sized = inUnit(withoutValue(moded), convention.unit, usable)
  const { range: _range, ...rest } = sized
  return {
    edit: {
      ...rest,
      coefficient: convention.coefficient ?? sized.coefficient,
      ...(convention.positions === 'before-last' ? { positions: 'range' } : { positions: convention.positions }),
      ...(range ? { range } : {})
    }
  }
}

/** Every edit of the recipe as the convention has it, and its error term; or what is missing for the first that it cannot be done to. */
export function recipeAsIn(
  convention: Convention,
  recipe: Recipe,
  knownOf: (edit: Intervention) => KnownUnits,
  promptTokens: number | null
): { readonly recipe: Recipe } | { readonly missing: string } {
  const edits: Intervention[] = []
  for (const edit of recipe.interventions) {
    const applied = asIn(convention, edit, knownOf(edit), promptTokens)
    if ('missing' in applied)
      return { missing: edit.direction === undefined ? `latent ${edit.latent}: ${applied.missing}` : applied.missing }
    edits.push(applied.edit)
  }
  return { recipe: { ...recipe, interventions: edits, keepError: convention.keepError } }
}

/** Positions 0 to T - 2 of a prompt of T tokens; null where there are none. */
function beforeLast(promptTokens: number | null): [number, number] | null {
  return promptTokens === null || promptTokens < 2 ? null : [0, promptTokens - 2]
}

/** A latent whose largest activation is not positive has the convention's stand-in for it; one that nothing is known of has none. */
function withMax({ maxInstead }: Convention, known: KnownUnits): KnownUnits {
  return maxInstead !== undefined && known.max !== null && !(known.max > 0) ? { ...known, max: maxInstead } : known
}

/** Without an own value of `max`: the convention's is what is known now. A size in it is turned into rows first. */
function withoutValue(edit: Intervention): Intervention {
  return edit.unit === 'max' || edit.unit === 'typical'
    ? inUnit(edit, 'row', {
        rowNorm: 1,
        residualNorm: null,
        largest: null,
        max: edit.unitValue ?? null,
        typical: edit.unitValue ?? null,
        source: ''
      })
    : edit
}
