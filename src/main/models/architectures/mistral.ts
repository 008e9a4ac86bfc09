/**
 * Mistral: Llama's layout, and every layer sees the newest keys only where sliding_window is a number. The forward pass is
 * ../llama-family.ts. Source: configuration_mistral.py of Hugging Face transformers, whose defaults fill in what a file leaves out.
 */
import { z } from 'zod'
import { parseConfig, Size } from '../config'
import { llamaArchitecture, llamaFields, llamaPlan, windowsOfTypes } from '../llama-family'

const Config = z.looseObject({
  ...llamaFields,
  num_key_value_heads: Size.nullable().default(8),
  max_position_embeddings: Size.default(131_072),
  sliding_window: Size.nullable().default(4096),
  layer_types: z.array(z.string()).nullish()
})

export const mistral = llamaArchitecture({ family: 'mistral', modelTypes: ['mistral'] }, (raw, path) => {
  const config = parseConfig(Config, raw, path)
  const { sliding_window: window, num_hidden_layers: n_layers, layer_types } = config
  const windows = layer_types ? windowsOfTypes(layer_types, window, n_layers, path) : new Array<number | null>(n_layers).fill(window)
  return { ...llamaPlan(config, path), windows }
})
