/** What the configs of Llama, Mistral, Qwen2, Qwen3 and OLMo-2 may say, what they default to, and what is refused. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ARCHITECTURES } from '../../../src/main/models/architectures'
import { qwenFields, qwenWindows } from '../../../src/main/models/qwen'
import { windowsOfTypes } from '../../../src/main/models/llama-family'
import type { Architecture } from '../../../src/main/models/types'
import { failureOf } from '../../support/failing'

type Raw = Record<string, unknown>

const SIZES = { vocab_size: 100, hidden_size: 48, intermediate_size: 64, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 2 }

const architectureOf = (family: string): Architecture => {
  const found = ARCHITECTURES.find((architecture) => architecture.family === family)
  if (!found) throw new Error(`${family} is an architecture`)
  return found
}
const configOf = (family: string, more: Raw = {}): ReturnType<Architecture['readConfig']> =>
  architectureOf(family).readConfig({ model_type: family, ...SIZES, ...more }, 'config.json')
const shapesOf = (family: string, more: Raw = {}): ReadonlyMap<string, readonly number[]> =>
  architectureOf(family).requiredWeights(configOf(family, more), { model_type: family, ...SIZES, ...more })
const qwen = (more: Raw): (number | null)[] => qwenWindows(z.object(qwenFields).parse({ ...SIZES, ...more }), 'config.json')

describe('what a config leaves out is what Hugging Face takes for it', () => {
  it('the width of a head, which only Qwen3 does not derive', () => {
    for (const family of ['llama', 'mistral', 'qwen2', 'olmo2']) expect(configOf(family).d_head, family).toBe(6)
    expect(configOf('mistral', { head_dim: 16 }).d_head).toBe(16)
    expect(configOf('mistral', { head_dim: null }).d_head).toBe(6)
    expect(configOf('qwen3').d_head).toBe(128)
    expect(configOf('qwen3', { head_dim: null }).d_head).toBe(6)
  })

  it('as many key/value heads as heads, but eight of Mistral and 32 of Qwen', () => {
    const heads = (family: string, num_key_value_heads?: null): number =>
      configOf(family, { hidden_size: 256, num_attention_heads: 64, num_key_value_heads }).n_kv_heads
    expect(['llama', 'olmo2', 'mistral', 'qwen2', 'qwen3'].map((family) => heads(family))).toEqual([64, 64, 8, 32, 32])
    expect(['llama', 'olmo2', 'mistral', 'qwen2', 'qwen3'].map((family) => heads(family, null))).toEqual([64, 64, 64, 64, 64])
  })

  it('a head of its own for the logits', () => {
    for (const family of ['llama', 'mistral', 'qwen2', 'qwen3', 'olmo2']) {
      expect(shapesOf(family).get('lm_head.weight'), family).toEqual([100, 48])
      expect(shapesOf(family, { tie_word_embeddings: true }).has('lm_head.weight'), family).toBe(false)
    }
  })

  it('biases of queries, keys and values in Qwen2 alone', () => {
    const biases = (family: string, more?: Raw): string[] =>
      [...shapesOf(family, more).keys()].filter((name) => name.startsWith('layers.0.') && name.endsWith('.bias')).sort()
    const attention = ['k', 'o', 'q', 'v'].map((part) => `layers.0.self_attn.${part}_proj.bias`)
    for (const family of ['llama', 'mistral', 'qwen3', 'olmo2']) expect(biases(family), family).toEqual([])
    expect(biases('qwen2')).toEqual(attention.filter((name) => !name.includes('o_proj')))
    for (const family of ['llama', 'qwen3', 'olmo2']) expect(biases(family, { attention_bias: true }), family).toEqual(attention)
    expect(biases('llama', { mlp_bias: true })).toEqual(['down', 'gate', 'up'].map((part) => `layers.0.mlp.${part}_proj.bias`))
  })
})

describe('norms', () => {
  const norms = (family: string): string[] => [...shapesOf(family).keys()].filter((name) => name.startsWith('layers.0.') && name.includes('norm')).sort()

  it('stand before attention and MLP, in OLMo-2 behind both', () => {
    const before = ['layers.0.input_layernorm.weight', 'layers.0.post_attention_layernorm.weight']
    for (const family of ['llama', 'mistral', 'qwen2']) expect(norms(family), family).toEqual(before)
    expect(norms('olmo2')).toEqual([
      'layers.0.post_attention_layernorm.weight',
      'layers.0.post_feedforward_layernorm.weight',
      'layers.0.self_attn.k_norm.weight',
      'layers.0.self_attn.q_norm.weight'
    ])
  })

  it('of queries and keys have a gain per dimension of a head in Qwen3, of all heads together in OLMo-2', () => {
    const sizes = (family: string): unknown[] => ['q', 'k'].map((part) => shapesOf(family).get(`layers.0.self_attn.${part}_norm.weight`))
    expect(sizes('qwen3')).toEqual([[128], [128]])
    expect(sizes('olmo2')).toEqual([[48], [12]])
    expect(sizes('llama')).toEqual([undefined, undefined])
  })
})

describe('sliding windows', () => {
  it('of Qwen are off unless use_sliding_window, and begin at layer max_window_layers', () => {
    const off = [null, null, null, null]
    expect(qwen({ sliding_window: 16 })).toEqual(off)
    expect(qwen({ use_sliding_window: true, sliding_window: 16, max_window_layers: 3 })).toEqual([null, null, null, 16])
    expect(qwen({ use_sliding_window: true, sliding_window: 16 })).toEqual(off)
    expect(qwen({ use_sliding_window: true, sliding_window: null, max_window_layers: 0 })).toEqual(off)
    expect(qwen({ use_sliding_window: true, max_window_layers: 0 })).toEqual([4096, 4096, 4096, 4096])
  })

  it('are where layer_types says, before max_window_layers', () => {
    const layer_types = ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention']
    expect(qwen({ use_sliding_window: true, sliding_window: 16, max_window_layers: 3, layer_types })).toEqual([16, null, 16, null])
    expect(windowsOfTypes(layer_types, 8, 4, 'config.json')).toEqual([8, null, 8, null])
  })
})

describe('a config that the forward pass does not cover is refused by name', () => {
  const cases: [what: string, family: string, more: Raw, text: RegExp][] = [
    ['an unknown activation', 'qwen2', { hidden_act: 'mish' }, /uses the activation function "mish", which is not supported/],
    ['heads that do not divide', 'olmo2', { num_attention_heads: 7 }, /48 hidden units do not divide among 7 heads/],
    ['heads of odd size', 'mistral', { head_dim: 7 }, /heads of 7 dimensions cannot be rotated in pairs/],
    ['groups that do not divide', 'qwen3', { num_key_value_heads: 3 }, /8 heads do not divide among 3 key\/value heads/],
    ['a scaling of positions by yarn', 'qwen2', { rope_scaling: { type: 'yarn', factor: 4 } }, /uses the position scaling "yarn"/],
    ['a scaling that depends on the length', 'llama', { rope_scaling: { type: 'dynamic', factor: 4 } }, /uses the position scaling "dynamic"/],
    ['a scaling with lists of factors', 'qwen3', { rope_parameters: { rope_type: 'longrope' } }, /uses the position scaling "longrope"/],
    ['heads rotated in part', 'llama', { partial_rotary_factor: 0.5 }, /uses rotation of a share of each head \(partial_rotary_factor 0\.5\), which is not supported/],
    ['heads rotated in part, as newer files say', 'qwen3', { rope_parameters: { partial_rotary_factor: 0.25 } }, /partial_rotary_factor 0\.25/],
    ['layer types of another depth', 'mistral', { layer_types: ['full_attention'] }, /its layer_types are 1, but it has 4 layers/],
    ['an unknown layer type', 'qwen3', { layer_types: new Array(4).fill('chunked_attention') }, /uses the layer type "chunked_attention", which is not supported/],
    ['windows that are switched off', 'qwen2', { layer_types: new Array(4).fill('sliding_attention') }, /it has layers with a sliding window, but sliding_window is null/]
  ]
  it.each(cases)('%s', async (_, family, more, text) => {
    expect(await failureOf(() => configOf(family, more))).toMatch(text)
  })
})
