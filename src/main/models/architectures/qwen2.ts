/**
 * Qwen2 and Qwen2.5: Llama's layout with biases on queries, keys and values. The forward pass is ../llama-family.ts.
 * Source: configuration_qwen2.py and modeling_qwen2.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { parseConfig } from '../config'
import { llamaArchitecture, llamaPlan } from '../llama-family'
import { qwenFields, qwenWindows } from '../qwen'

const Config = z.looseObject(qwenFields)

export const qwen2 = llamaArchitecture({ family: 'qwen2', modelTypes: ['qwen2'] }, (raw, path) => {
  const config = parseConfig(Config, raw, path)
  return { ...llamaPlan(config, path), bias: { qkv: true, out: false, mlp: false }, windows: qwenWindows(config, path) }
})
