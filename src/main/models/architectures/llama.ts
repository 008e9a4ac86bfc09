/**
 * Llama 1 to 3 and models of the same layout, with the position scalings "llama3" and "linear". The forward pass is ../llama-family.ts.
 * Source: configuration_llama.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { parseConfig } from '../config'
import { llamaArchitecture, llamaFields, llamaPlan } from '../llama-family'

const Config = z.looseObject({ ...llamaFields, attention_bias: z.boolean().default(false), mlp_bias: z.boolean().default(false) })

export const llama = llamaArchitecture({ family: 'llama', modelTypes: ['llama'] }, (raw, path) => {
  const config = parseConfig(Config, raw, path)
  const { attention_bias, mlp_bias } = config
  return { ...llamaPlan(config, path), bias: { qkv: attention_bias, out: attention_bias, mlp: mlp_bias } }
})
