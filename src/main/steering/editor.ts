/** The opened SAE as edits need it: activations of single latents at single positions, and the decoder rows of the latents in use. */
import type { Recipe } from '../../shared/records/steering'
import { activationOf, readDirections, type Encoder } from '../saes'
import type { HookEditor } from './edit'

/** Reads the decoder rows of every latent that a recipe names. Fails with LATENT_UNKNOWN. */
export async function createHookEditor(encoder: Encoder, recipes: readonly Recipe[]): Promise<HookEditor> {
  const latents = recipes.flatMap(({ interventions }) => interventions.map(({ latent }) => latent))
  return {
    directions: await readDirections(encoder.sae, latents),
    async encode(input, value) {
      const active = await encoder.encode(input.data, input.dims[0] ?? 0, value.data)
      const { tokenScale, reconstruction } = active
      return { tokenScale, reconstruction, activation: (row, latent) => activationOf(active, row, latent) }
    }
  }
}
