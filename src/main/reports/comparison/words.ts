/** Recipes in words: everything that a run depends on, as a report and the tables say it. */
import { unitOf, unitText } from '../../../renderer/utils/edit-units'
import { plainNumber, wordsOfCondition, wordsOfMode, wordsOfPositions } from '../../../renderer/utils/interventions'
import type { Comparison, Intervention, Recipe } from '../../../shared/records/steering'

/** What names a latent's label, and an SAE, in one comparison. */
export interface Known {
  label(latent: number, sae: string | undefined): string | null
  /** Name and hook point of the SAE with that hash; undefined is the bench's. Null where the record does not hold it. */
  sae(hash: string | undefined): { readonly name: string; readonly hook: string | null } | null
}

/** What a comparison's record knows of latents and SAEs, a recipe's own SAEs included. */
export function knownIn({ labels = [], provenance }: Comparison, recipe: Recipe | null = null): Known {
  const { sae: bench, hook, others = [] } = provenance
  return {
    label(latent, sae) {
      const own = (hash: string | undefined): string | undefined => (hash === bench?.hash ? undefined : hash)
      return labels.find((each) => each.latent === latent && own(each.sae) === own(sae))?.label ?? null
    },
    sae(hash) {
      if (hash === undefined || hash === bench?.hash) return bench === null ? null : { name: bench.name, hook }
      const used = others.find((each) => each.hash === hash)
      const named = recipe?.saes?.find((each) => each.hash === hash)
      return used ? { name: used.name, hook: used.hook } : named ? { name: named.name, hook: named.hook } : null
    }
  }
}

/** "latent 402 (sadness words): add 8 × row at all positions". */
export function editWords(edit: Intervention, recipe: Recipe, known: Known): string {
  const condition = edit.condition ? ` ${conditionWords(edit.condition, known)}` : ''
  return `${editedWords(edit, recipe, known)}: ${wordsOfMode(edit)} ${placeWords(edit)}${condition}`
}

function editedWords({ direction, latent, sae }: Intervention, { directions = [] }: Recipe, known: Known): string {
  if (direction === undefined) return latentWords(latent, known.label(latent, sae))
  const found = directions.find(({ id }) => id === direction)
  return found ? `direction “${found.name}”` : 'a direction that is missing'
}

/** "latent 402 (sadness words)". */
export function latentWords(latent: number, label: string | null): string {
  return `latent ${latent}${label === null || label === '' ? '' : ` (${label})`}`
}

function placeWords(edit: Intervention): string {
  return edit.positions === 'last' ? 'at the last position of the prompt, then at each newest one' : wordsOfPositions(edit)
}

function conditionWords(condition: NonNullable<Intervention['condition']>, known: Known): string {
  const words = wordsOfCondition(condition)
  if (condition.kind === 'probability') return `${words}, as the unsteered model reads the same text`
  const name = condition.sae === undefined ? undefined : known.sae(condition.sae)?.name
  return name === undefined ? words : `${words} (SAE ${name})`
}

/** What a coefficient of 1 stands for, and of which SAE or where the direction acts; "" where there is nothing to say. */
export function editDetails(edit: Intervention, recipe: Recipe, known: Known): string {
  return [unitWords(edit), originWords(edit, recipe, known)].filter((words) => words !== '').join('; ')
}

function unitWords(edit: Intervention): string {
  if (edit.mode === 'ablate' || edit.mode === 'scale' || edit.mode === 'project') return ''
  const unit = unitOf(edit)
  const { note } = unitText(edit.mode, unit)
  const direction = edit.direction !== undefined
  const words = direction ? note.replace('the decoder row', 'the direction').replace('the row', 'the direction') : note
  const value = (unit === 'max' || unit === 'typical') && edit.unitValue !== undefined ? `, here ${plainNumber(edit.unitValue)}` : ''
  return `1 stands for ${words}${value}`
}

function originWords({ direction, sae }: Intervention, { directions = [] }: Recipe, known: Known): string {
  if (direction !== undefined) {
    const found = directions.find(({ id }) => id === direction)
    return found ? `at ${found.hook}` : ''
  }
  const found = known.sae(sae)
  return found ? `SAE ${found.name}${found.hook === null ? '' : ` at ${found.hook}`}` : ''
}

/** What holds for the whole recipe, one line each. */
export function switchWords({ keepError, editSpecial = true, freezeAttention = false }: Recipe): string[] {
  return [
    keepError
      ? 'SAE error kept: the hook value changes by the edits alone'
      : 'SAE error dropped: the edited reconstruction stands in the place of the hook value',
    editSpecial ? 'special tokens are edited too' : 'BOS and other special tokens are not edited',
    freezeAttention ? 'attention patterns are those of the unsteered model on the same text' : 'attention as the steered model computes it'
  ]
}

/** The whole recipe on one line: its edits, then what is otherwise than usual. */
export function recipeLine(recipe: Recipe, known: Known): string {
  const edits = recipe.interventions.map((edit) => editWords(edit, recipe, known))
  const { editSpecial = true, freezeAttention = false, keepError } = recipe
  const unusual = [
    ...(keepError ? [] : ['SAE error dropped']),
    ...(editSpecial ? [] : ['special tokens not edited']),
    ...(freezeAttention ? ['attention frozen'] : [])
  ]
  return [...edits, ...unusual].join('; ')
}
