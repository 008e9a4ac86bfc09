/**
 * OLMo 2: Llama's layout with the norms behind attention and MLP instead of before them, and queries and keys normed as whole vectors,
 * all heads together, before they are rotated. The forward pass is ../llama-family.ts.
 * Source: configuration_olmo2.py and modeling_olmo2.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { parseConfig } from '../config'
import { llamaArchitecture, llamaFields, llamaPlan } from '../llama-family'

const Config = z.looseObject({
  ...llamaFields,
  rms_norm_eps: z.number().positive().default(1e-5),
  attention_bias: z.boolean().default(false)
})

export const olmo2 = llamaArchitecture({ family: 'olmo2', modelTypes: ['olmo2'] }, (raw, path) => {
  const config = parseConfig(Config, raw, path)
  const { attention_bias } = config
  return { ...llamaPlan(config, path), bias: { qkv: attention_bias, out: attention_bias, mlp: false }, headNorms: 'whole', postNorms: true }
})
