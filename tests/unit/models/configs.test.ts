/** What config.json of each architecture may say, in older and newer spellings, and what is refused. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import { ARCHITECTURES } from '../../../src/main/models/architectures'
import { gemmaWindows } from '../../../src/main/models/gemma'
import { frequenciesOf } from '../../../src/main/models/rope'
import type { Architecture, ModelConfig } from '../../../src/main/models/types'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { EVERY_TINY_MODEL } from '../../support/models'

type Raw = Record<string, unknown>

const architectureOf = (raw: Raw): Architecture => {
  const found = ARCHITECTURES.find(({ modelTypes }) => modelTypes.includes(String(raw.model_type)))
  if (!found) throw new Error(`${String(raw.model_type)} is an architecture`)
  return found
}
const sizesOf = (raw: Raw): ModelConfig => architectureOf(raw).readConfig(raw, 'config.json')
const weightsOf = (raw: Raw): string[] => [...architectureOf(raw).requiredWeights(sizesOf(raw), raw).keys()]
const tiny = (name: string): string => EVERY_TINY_MODEL.find((folder) => folder.endsWith(name)) ?? name

const PYTHIA = { model_type: 'gpt_neox', vocab_size: 50304, hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 6, num_attention_heads: 8 }
const STORIES = { model_type: 'gpt_neo', vocab_size: 50257, hidden_size: 64, num_layers: 8, num_heads: 16, attention_types: [[['global', 'local'], 4]] }
// The text part of google/gemma-3-4b-pt, as its file has it: what equals the defaults is left out.
const GEMMA3_4B = {
  model_type: 'gemma3',
  eos_token_id: [1, 106],
  text_config: {
    hidden_size: 2560,
    intermediate_size: 10240,
    model_type: 'gemma3_text',
    num_hidden_layers: 34,
    rope_scaling: { factor: 8, rope_type: 'linear' },
    sliding_window: 1024
  },
  vision_config: { hidden_size: 1152 }
}

describe('what a config leaves out', () => {
  it('is what Hugging Face takes for it', () => {
    expect(sizesOf(PYTHIA)).toMatchObject({ d_head: 64, n_kv_heads: 8, n_ctx: 2048, eosIds: [] })
    expect(weightsOf(PYTHIA)).toContain('embed_out.weight')
    expect(weightsOf(PYTHIA)).toContain('layers.5.attention.dense.bias')
    expect(sizesOf(STORIES)).toMatchObject({ d_head: 4, d_mlp: 256, n_ctx: 2048 })
    expect(weightsOf(STORIES)).not.toContain('lm_head.weight')
    expect(sizesOf({ model_type: 'gemma2' })).toMatchObject({ d_model: 2304, n_layers: 26, n_heads: 8, n_kv_heads: 4, d_head: 256, d_mlp: 9216, d_vocab: 256_000, n_ctx: 8192 })
    expect(weightsOf({ model_type: 'gemma2' })).not.toContain('lm_head.weight')
    expect(sizesOf(GEMMA3_4B)).toEqual({ d_model: 2560, n_layers: 34, n_heads: 8, n_kv_heads: 4, d_head: 256, d_mlp: 10240, d_vocab: 262_208, n_ctx: 131_072, eosIds: [1, 106] })
  })

  it('is the soft caps of Gemma 2, unless they are null', () => {
    const cap = (raw: Raw): number | null | undefined => architectureOf(raw).logitCap?.(sizesOf(raw), raw)
    expect(cap({ model_type: 'gemma2' })).toBe(30)
    expect(cap({ model_type: 'gemma2', final_logit_softcapping: null })).toBeNull()
    expect(cap(GEMMA3_4B)).toBeNull()
    expect(cap({ model_type: 'gemma3_text', final_logit_softcapping: 20 })).toBe(20)
  })
})

describe('what a config says', () => {
  it('decides which tensors are needed', () => {
    const bare = { ...PYTHIA, attention_bias: false, tie_word_embeddings: true }
    expect(weightsOf(bare).filter((name) => /attention\..*bias|embed_out/.test(name))).toEqual([])
    expect(weightsOf({ ...STORIES, tie_word_embeddings: false })).toContain('lm_head.weight')
    expect(weightsOf({ model_type: 'gemma2', attention_bias: true, tie_word_embeddings: false })).toEqual(
      expect.arrayContaining(['layers.0.self_attn.o_proj.bias', 'lm_head.weight'])
    )
    expect(weightsOf({ ...GEMMA3_4B, tie_word_embeddings: false })).toContain('lm_head.weight')
  })

  it('has no place between attention and MLP where both read the same stream', () => {
    const middle = (raw: Raw): string[] => architectureOf(raw).hookPoints(sizesOf(raw), raw).filter((hook) => hook.endsWith('resid_mid'))
    expect(middle(PYTHIA)).toEqual([])
    expect(middle({ ...PYTHIA, use_parallel_residual: false })).toHaveLength(6)
  })

  it('gives Gemma 2 a window in every other layer, Gemma 3 in five of six, or where layer_types says', () => {
    const fields = { ...GEMMA3_4B.text_config, num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256, hidden_activation: 'silu', rms_norm_eps: 1, query_pre_attn_scalar: 1, attention_bias: false, tie_word_embeddings: true, eos_token_id: 1 }
    const globals = (layers: number, pattern: number, layer_types?: string[]): number[] =>
      gemmaWindows({ ...fields, num_hidden_layers: layers, sliding_window: 7, layer_types }, pattern, 'config.json').flatMap((window, layer) => (window === null ? [layer] : []))
    expect(globals(26, 2)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25])
    expect(globals(26, 6)).toEqual([5, 11, 17, 23])
    expect(globals(3, 6, ['full_attention', 'sliding_attention', 'full_attention'])).toEqual([0, 2])
  })

  it('stretches positions by a linear factor', () => {
    const plain = frequenciesOf({ d_head: 8, rope_theta: 1e6 }, 'config.json')
    expect(frequenciesOf({ d_head: 8, rope_theta: 1e6, rope_scaling: { rope_type: 'linear', factor: 8 } }, 'config.json')).toEqual(plain.map((f) => f / 8))
  })

  it('of attention_layers decides where attention_types says the same in short', () => {
    expect(sizesOf({ ...STORIES, attention_types: undefined, attention_layers: new Array(8).fill('global') }).n_layers).toBe(8)
    expect(sizesOf({ ...STORIES, num_layers: 24, attention_types: undefined }).n_layers).toBe(24)
  })
})

describe('a config that the forward pass does not cover is refused by name', () => {
  const cases: [what: string, raw: Raw, text: RegExp][] = [
    ['an unknown activation of GPT-NeoX', { ...PYTHIA, hidden_act: 'mish' }, /uses the activation function "mish", which is not supported/],
    ['heads that do not divide', { ...PYTHIA, num_attention_heads: 7 }, /512 hidden units do not divide among 7 heads/],
    ['an odd number of rotated dimensions', { ...PYTHIA, rotary_pct: 0.24 }, /15 dimensions of a head cannot be rotated in pairs/],
    ['no rotated dimensions', { ...PYTHIA, rotary_pct: 0.001 }, /0 dimensions of a head cannot be rotated in pairs/],
    ['a position scaling of GPT-NeoX', { ...PYTHIA, rope_scaling: { type: 'dynamic', factor: 2 } }, /uses the position scaling "dynamic"/],
    ['a linear scaling without its factor', { ...PYTHIA, rope_scaling: { type: 'linear' } }, /position scaling of type linear lacks a factor/],
    ['an unknown activation of GPT-Neo', { ...STORIES, activation_function: 'mish' }, /uses the activation function "mish"/],
    ['an unknown kind of attention', { ...STORIES, attention_types: [[['global', 'sparse'], 4]] }, /uses the attention type "sparse", which is not supported\. Supported are: global, local/],
    ['attention types of another depth', { ...STORIES, attention_types: [[['global', 'local'], 3]] }, /its attention types are not those of 8 layers/],
    ['attention layers of another depth', { ...STORIES, attention_layers: ['global'] }, /its attention types are not those of 8 layers/],
    ['the default attention types with another depth', { ...STORIES, attention_types: undefined }, /its attention types are not those of 8 layers/],
    ['heads of GPT-Neo that do not divide', { ...STORIES, num_heads: 5 }, /64 hidden units do not divide among 5 heads/],
    ['an unknown activation of Gemma', { model_type: 'gemma2', hidden_activation: 'mish' }, /uses the activation function "mish"/],
    ['attention in both directions', { model_type: 'gemma3_text', use_bidirectional_attention: true }, /uses attention to later tokens, which is not supported\. Choose a model that predicts the next token/],
    ['heads of odd size', { model_type: 'gemma2', head_dim: 7 }, /heads of 7 dimensions cannot be rotated in pairs/],
    ['groups of Gemma that do not divide', { model_type: 'gemma2', num_key_value_heads: 3 }, /8 heads do not divide among 3 key\/value heads/],
    ['layer types of another depth', { model_type: 'gemma2', layer_types: ['full_attention'] }, /its layer_types are 1, but it has 26 layers/],
    ['an unknown layer type', { model_type: 'gemma2', num_hidden_layers: 1, layer_types: ['chunked_attention'] }, /uses the layer type "chunked_attention", which is not supported/],
    ['windows without a size', { model_type: 'gemma2', sliding_window: null }, /it has layers with a sliding window, but sliding_window is null/],
    ['a position scaling of Gemma 2', { model_type: 'gemma2', rope_scaling: { rope_type: 'yarn' } }, /uses the position scaling "yarn"/],
    ['a position scaling of one kind of layer', { model_type: 'gemma3_text', rope_parameters: { sliding_attention: { rope_type: 'yarn' } } }, /uses the position scaling "yarn"/],
    ['rope_parameters of no kind of layer', { model_type: 'gemma3_text', rope_parameters: { rope_theta: 5 } }, /its rope_parameters name neither full_attention nor sliding_attention/],
    ['soft caps on scores in Gemma 3', { model_type: 'gemma3_text', attn_logit_softcapping: 50 }, /uses a soft cap on attention scores in a Gemma 3 model/],
    ['a model with images that has no text part', { model_type: 'gemma3' }, /its "text_config" is not usable/],
    ['a text part that is not usable', { model_type: 'gemma3', text_config: { hidden_size: 'wide' } }, /its "hidden_size" is not usable/]
  ]
  it.each(cases)('%s', async (_, raw, text) => {
    expect(await failureOf(() => sizesOf(raw))).toMatch(text)
  })
})

describe('names of tensors', () => {
  it('of a model that sees images are found under either of the prefixes its files have', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(tiny('tiny-gemma3-vision'), folder, { recursive: true })
    const path = join(folder, 'model.safetensors')
    const bytes = await readFile(path)
    // The same length, so no offset moves.
    const renamed = Buffer.from(bytes.toString('latin1').replaceAll('language_model.model.', 'model.language_model.'), 'latin1')
    expect(renamed.equals(bytes)).toBe(false)
    await writeFile(path, renamed)
    const [old, recent] = [await openModel(tiny('tiny-gemma3-vision')), await openModel(folder)]
    expect([...recent.weights.keys()]).toEqual([...old.weights.keys()])
    expect(old.config.eosIds).toEqual([1, 3])
  })

  it('of buffers in older files are left aside', async () => {
    for (const name of ['tiny-pythia', 'tiny-gpt-neo']) {
      const { weights } = await openModel(tiny(name))
      expect([...weights.keys()].filter((key) => /attention\.(bias|masked_bias|rotary_emb)/.test(key))).toEqual([])
    }
  })
})
