/**
 * Qwen3: Llama's layout with heads of a width of their own, and each head's query and key normed before they are rotated. The forward
 * pass is ../llama-family.ts. Source: configuration_qwen3.py and modeling_qwen3.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { parseConfig, Size } from '../config'
import { llamaArchitecture, llamaPlan } from '../llama-family'
import { qwenFields, qwenWindows } from '../qwen'

const Config = z.looseObject({ ...qwenFields, head_dim: Size.nullable().default(128), attention_bias: z.boolean().default(false) })

export const qwen3 = llamaArchitecture({ family: 'qwen3', modelTypes: ['qwen3'] }, (raw, path) => {
  const config = parseConfig(Config, raw, path)
  const { attention_bias } = config
  const bias = { qkv: attention_bias, out: attention_bias, mlp: false }
  return { ...llamaPlan(config, path), bias, headNorms: 'each', windows: qwenWindows(config, path) }
})
