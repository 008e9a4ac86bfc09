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
import { InterventionMode, InterventionPositions, type Intervention, type Recipe } from '../../shared/records/steering'

/**
 * Reads `latent:mode:coefficient[:positions]`, for example "402:add:8:all". Positions default to all; `ablate` needs no
 * coefficient ("402:ablate"). Fails with INTERVENTION_INVALID.
 */
export function parseIntervention(text: string): Intervention {
  const parts = text.split(':').map((part) => part.trim())
  const refuse = (reason: string): never => fail('INTERVENTION_INVALID', { text, reason })
  if (parts.length < 2 || parts.length > 4) return refuse(`it has ${parts.length} part${parts.length === 1 ? '' : 's'} between colons`)
  const [latent = '', modeText = '', coefficientText = '', positionsText = 'all'] = parts
  if (!/^\d+$/.test(latent) || !Number.isSafeInteger(Number(latent))) return refuse(`"${latent}" is not the number of a latent`)
  const mode = InterventionMode.safeParse(modeText)
  if (!mode.success) return refuse(`the mode "${modeText}" is not one of ${InterventionMode.options.join(', ')}`)
  const positions = InterventionPositions.safeParse(positionsText)
  if (!positions.success) return refuse(`the positions "${positionsText}" are not one of ${InterventionPositions.options.join(', ')}`)
  const needsNone = mode.data === 'ablate' && coefficientText === ''
  const coefficient = needsNone ? 0 : Number(coefficientText === '' ? NaN : coefficientText)
  if (!Number.isFinite(coefficient))
    return refuse(coefficientText === '' ? 'the coefficient is missing' : `the coefficient "${coefficientText}" is not a number`)
  return { latent: Number(latent), mode: mode.data, coefficient, positions: positions.data }
}

/** An intervention in the syntax of `parseIntervention`. */
export function formatIntervention({ latent, mode, coefficient, positions }: Intervention): string {
  return `${latent}:${mode}:${coefficient}:${positions}`
}

/** Whether an intervention with this scope acts at `position` when the prompt has `promptLength` tokens. */
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

/** Whether a recipe leaves every number as it is: error kept, and nothing but `add` 0 and `scale` 1. */
export function changesNothing(recipe: Recipe): boolean {
  return (
    recipe.keepError &&
    recipe.interventions.every(({ mode, coefficient }) => (mode === 'add' && coefficient === 0) || (mode === 'scale' && coefficient === 1))
  )
}

/** Fails with LATENT_UNKNOWN or INTERVENTION_INVALID unless each intervention names a latent of the SAE and a finite coefficient. */
export function checkInterventions(interventions: readonly Intervention[], sae: { readonly name: string; readonly d_sae: number }): void {
  for (const intervention of interventions) {
    const { latent, coefficient } = intervention
    if (!Number.isInteger(latent) || latent < 0 || latent >= sae.d_sae)
      fail('LATENT_UNKNOWN', { sae: sae.name, latent, last: sae.d_sae - 1 })
    if (!Number.isFinite(coefficient)) {
      fail('INTERVENTION_INVALID', { text: formatIntervention(intervention), reason: `the coefficient "${coefficient}" is not a number` })
    }
  }
}
