/** What the configs of Qwen2 and Qwen3 share: a sliding window that is off unless use_sliding_window says otherwise. */
import { z } from 'zod'
import { Size } from './config'
import { llamaFields, windowsOfTypes } from './llama-family'

/** Fields of both, with the defaults of Hugging Face. */
export const qwenFields = {
  ...llamaFields,
  num_key_value_heads: Size.nullable().default(32),
  max_position_embeddings: Size.default(32_768),
  use_sliding_window: z.boolean().default(false),
  sliding_window: Size.nullable().default(4096),
  max_window_layers: z.number().int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish()
}
type Fields = z.infer<z.ZodObject<typeof qwenFields>>

/** The window of each layer: as `layer_types` says, else from layer max_window_layers on. @throws as `windowsOfTypes` */
export function qwenWindows(config: Fields, path: string): (number | null)[] {
  const { use_sliding_window, max_window_layers, num_hidden_layers: n_layers, layer_types } = config
  const window = use_sliding_window ? config.sliding_window : null
  if (layer_types) return windowsOfTypes(layer_types, window, n_layers, path)
  return Array.from({ length: n_layers }, (_, layer) => (layer >= max_window_layers ? window : null))
}
