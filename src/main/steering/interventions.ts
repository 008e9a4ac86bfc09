/**
 * Interventions as text and as positions.
 *
 * Scopes, for a prompt of T tokens (positions 0 to T - 1, BOS and other special tokens included):
 *   all        every position;
 *   prompt     positions 0 to T - 1;
 *   generated  positions T and later: where generated tokens are read;
 *   range      from the first to the last position of `range`;
 *   last       position T - 1 and later: the last of the prompt and, while generating, each newest position.
 * A generated token is read at its own position, so "generated" first changes the second generated token, "last" the first.
 */
import { fail } from '../../shared/errors'
import { CoefficientUnit, InterventionMode, InterventionPositions, type Intervention, type Recipe } from '../../shared/records/steering'

/** Scopes that have a name of their own; a range is written as its positions. */
const SCOPES = InterventionPositions.options.filter((scope) => scope !== 'range')

/** Units that a mode can be counted in; the others have no unit. */
const UNITS: Partial<Record<InterventionMode, readonly CoefficientUnit[]>> = {
  add: CoefficientUnit.options,
  set: ['row', 'max', 'typical', 'largest'],
  clamp: ['row', 'max', 'typical', 'largest'],
  cap: ['row', 'unit-row', 'residual']
}

/** Modes that act on the hook value itself, so that a raw direction can be edited too. */
const OF_DIRECTIONS: readonly InterventionMode[] = ['add', 'project', 'cap']

type Refuse = (reason: string) => never

/**
 * Reads `latent:mode:coefficient[@unit[=value]][:positions]`, for example "402:add:8:all", "402:add:0.3@residual", "402:set:1.5@max=12.4",
 * "402:clamp:0..4" and "402:project:0:3-9". Positions default to all; `ablate` needs no coefficient ("402:ablate"). `value` says what the
 * units max and typical stand for. Fails with INTERVENTION_INVALID.
 */
export function parseIntervention(text: string): Intervention {
  const parts = text.split(':').map((part) => part.trim())
  const refuse: Refuse = (reason) => fail('INTERVENTION_INVALID', { text, reason })
  if (parts.length < 2 || parts.length > 4) return refuse(`it has ${parts.length} part${parts.length === 1 ? '' : 's'} between colons`)
  const [latent = '', modeText = '', strength = '', positionsText = 'all'] = parts
  if (!/^\d+$/.test(latent) || !Number.isSafeInteger(Number(latent))) return refuse(`"${latent}" is not the number of a latent`)
  const mode = InterventionMode.safeParse(modeText)
  if (!mode.success) return refuse(`the mode "${modeText}" is not one of ${InterventionMode.options.join(', ')}`)
  const [number = '', unitText, ...more] = strength.split('@')
  if (more.length > 0) return refuse(`"${strength}" names more than one unit`)
  const edit: Intervention = {
    latent: Number(latent),
    mode: mode.data,
    ...numbersOf(number, mode.data, refuse),
    ...(unitText === undefined ? {} : unitOf(unitText, refuse)),
    ...positionsOf(positionsText, refuse)
  }
  checkEdit(edit, null, text)
  return edit
}

function numbersOf(text: string, mode: InterventionMode, refuse: Refuse): Pick<Intervention, 'coefficient' | 'upper'> {
  if (mode === 'ablate' && text === '') return { coefficient: 0 }
  if (text === '') return refuse('the coefficient is missing')
  const [low = '', high, ...more] = text.split('..')
  const numbers = [low, ...(high === undefined ? [] : [high])].map((part) => (part === '' ? NaN : Number(part)))
  const wrong = numbers.find((number) => !Number.isFinite(number))
  if (wrong !== undefined || more.length > 0 || (high !== undefined && mode !== 'clamp'))
    return refuse(`the coefficient "${text}" is not a number`)
  const [coefficient = 0, upper] = numbers
  return { coefficient, ...(upper === undefined ? {} : { upper }) }
}

function unitOf(text: string, refuse: Refuse): Pick<Intervention, 'unit' | 'unitValue'> {
  const [name = '', value] = text.split('=')
  const unit = CoefficientUnit.safeParse(name)
  if (!unit.success) return refuse(`the unit "${name}" is not one of ${CoefficientUnit.options.join(', ')}`)
  if (value === undefined) return { unit: unit.data }
  const unitValue = value === '' ? NaN : Number(value)
  return Number.isFinite(unitValue) ? { unit: unit.data, unitValue } : refuse(`what its unit stands for, "${value}", is not a number`)
}

function positionsOf(text: string, refuse: Refuse): Pick<Intervention, 'positions' | 'range'> {
  const scope = SCOPES.find((name) => name === text)
  if (scope) return { positions: scope }
  const range = /^(\d{1,9})-(\d{1,9})$/.exec(text)
  if (range) return { positions: 'range', range: [Number(range[1]), Number(range[2])] }
  return refuse(`the positions "${text}" are not one of ${SCOPES.join(', ')}, nor a range like 3-9`)
}

/** An intervention in the syntax of `parseIntervention`; one of a direction names it, and a condition goes without saying. */
export function formatIntervention({
  latent,
  direction,
  mode,
  coefficient,
  upper,
  unit,
  unitValue,
  positions,
  range
}: Intervention): string {
  const numbers = upper === undefined ? String(coefficient) : `${coefficient}..${upper}`
  const counted = unit === undefined ? '' : `@${unit}${unitValue === undefined ? '' : `=${unitValue}`}`
  const where = positions === 'range' && range ? `${range[0]}-${range[1]}` : positions
  return `${direction ?? latent}:${mode}:${numbers}${counted}:${where}`
}

/** Whether an intervention acts at `position` when the prompt has `promptLength` tokens, its condition aside. */
export function actsAt({ positions, range }: Pick<Intervention, 'positions' | 'range'>, position: number, promptLength: number): boolean {
  switch (positions) {
    case 'all':
      return true
    case 'prompt':
      return position < promptLength
    case 'generated':
      return position >= promptLength
    case 'last':
      return position >= promptLength - 1
    case 'range':
      return range !== undefined && position >= range[0] && position <= range[1]
  }
}

/**
 * Whether a recipe leaves every number as it is: error kept, and nothing but `add` 0, `scale` 1 and `project` 1. Attention that looks where
 * the unsteered model looks is then the model's own.
 */
export function changesNothing(recipe: Recipe): boolean {
  return recipe.keepError && recipe.interventions.every(doesNothing)
}

function doesNothing({ mode, coefficient }: Intervention): boolean {
  return mode === 'add' ? coefficient === 0 : (mode === 'scale' || mode === 'project') && coefficient === 1
}

/**
 * Fails with LATENT_UNKNOWN unless the SAE has the latent, and with INTERVENTION_INVALID where mode, unit, numbers and positions do not
 * go together. Without an SAE only the latter is looked at. `text` is what a person wrote.
 */
export function checkEdit(
  edit: Intervention,
  sae: { readonly name: string; readonly d_sae: number } | null,
  text: string = formatIntervention(edit)
): void {
  const { latent, direction, mode, coefficient, upper, unit = 'row', unitValue, positions, range } = edit
  const refuse: Refuse = (reason) => fail('INTERVENTION_INVALID', { text, reason })
  if (sae !== null && (!Number.isInteger(latent) || latent < 0 || latent >= sae.d_sae))
    fail('LATENT_UNKNOWN', { sae: sae.name, latent, last: sae.d_sae - 1 })
  if (!Number.isFinite(coefficient)) refuse(`the coefficient "${coefficient}" is not a number`)
  if (upper !== undefined && !(upper >= coefficient)) refuse(`its upper bound ${upper} is below the lower one, ${coefficient}`)
  if (upper !== undefined && mode !== 'clamp') refuse('only clamp has an upper bound')
  if (direction !== undefined && !OF_DIRECTIONS.includes(mode))
    refuse(`a direction has no activation; ${OF_DIRECTIONS.join(', ')} are for directions`)
  if (unit !== 'row' && !UNITS[mode]?.includes(unit)) refuse(`${mode} cannot be counted in the unit ${unit}`)
  if (direction !== undefined && (unit === 'max' || unit === 'typical' || unit === 'largest'))
    refuse(`a direction has no activation that the unit ${unit} could be taken from`)
  if ((unit === 'max' || unit === 'typical') && (unitValue === undefined || !Number.isFinite(unitValue)))
    refuse(`it does not say what its unit "${unit}" stands for`)
  if (positions === 'range' && (range === undefined || range[0] > range[1])) refuse('its range of positions has no first and last position')
}
