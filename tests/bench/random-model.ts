/**
 * A model of GPT-2 small's shape and an SAE for it, with seeded random weights, in the layouts of Hugging Face and SAELens.
 * Speed does not depend on what the weights say; shapes, dtypes and files are the real ones.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'

export const GPT2_SMALL = {
  layers: 12,
  d_model: 768,
  heads: 12,
  d_vocab: 50257,
  n_ctx: 1024,
  d_sae: 24576,
  k: 32,
  hook: 'blocks.6.hook_resid_pre'
}
export type ModelShape = typeof GPT2_SMALL

/** Writes `<folder>/model` and `<folder>/sae` and returns their paths. */
export async function writeRandomModel(folder: string, shape: ModelShape): Promise<{ model: string; sae: string; bytes: number }> {
  const model = join(folder, 'model')
  const sae = join(folder, 'sae')
  await mkdir(model, { recursive: true })
  await mkdir(sae, { recursive: true })
  const weights = gpt2Weights(shape)
  await writeSafetensors(join(model, 'model.safetensors'), weights, { format: 'pt' })
  await writeJson(join(model, 'config.json'), gpt2Config(shape))
  await writeJson(join(model, 'tokenizer.json'), byteTokenizer(shape.d_vocab))
  await writeJson(join(model, 'tokenizer_config.json'), {
    tokenizer_class: 'GPT2Tokenizer',
    add_prefix_space: false,
    bos_token: END,
    eos_token: END,
    unk_token: END
  })
  const saeWeights = saeTensors(shape)
  await writeSafetensors(join(sae, 'sae_weights.safetensors'), saeWeights)
  await writeJson(join(sae, 'cfg.json'), saeConfig(shape))
  const bytes = [...Object.values(weights), ...Object.values(saeWeights)].reduce((sum, { data }) => sum + data.byteLength, 0)
  return { model, sae, bytes }
}

const END = '<|endoftext|>'

export function gpt2Weights({ layers, d_model: d, d_vocab, n_ctx }: ModelShape): Record<string, TensorToWrite> {
  const random = randomWeights(1)
  const weights: Record<string, TensorToWrite> = { 'wte.weight': random([d_vocab, d], 0.02), 'wpe.weight': random([n_ctx, d], 0.01) }
  const norm = (name: string): void => {
    weights[`${name}.weight`] = filled([d], 1)
    weights[`${name}.bias`] = random([d], 0.01)
  }
  for (let layer = 0; layer < layers; layer++) {
    const linear = (name: string, into: number, out: number): void => {
      weights[`h.${layer}.${name}.weight`] = random([into, out], 1 / Math.sqrt(into))
      weights[`h.${layer}.${name}.bias`] = random([out], 0.01)
    }
    norm(`h.${layer}.ln_1`)
    linear('attn.c_attn', d, 3 * d)
    linear('attn.c_proj', d, d)
    norm(`h.${layer}.ln_2`)
    linear('mlp.c_fc', d, 4 * d)
    linear('mlp.c_proj', 4 * d, d)
  }
  norm('ln_f')
  return weights
}

function saeTensors({ d_model: d, d_sae }: ModelShape): Record<string, TensorToWrite> {
  const random = randomWeights(2)
  return {
    W_enc: random([d, d_sae], 1 / Math.sqrt(d)),
    b_enc: random([d_sae], 0.01),
    W_dec: random([d_sae, d], 1 / Math.sqrt(d)),
    b_dec: random([d], 0.01)
  }
}

export function gpt2Config({ layers, d_model, heads, d_vocab, n_ctx }: ModelShape): Record<string, unknown> {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    n_embd: d_model,
    n_layer: layers,
    n_head: heads,
    n_ctx,
    n_positions: n_ctx,
    n_inner: null,
    vocab_size: d_vocab,
    layer_norm_epsilon: 1e-5,
    bos_token_id: d_vocab - 1,
    eos_token_id: d_vocab - 1
  }
}

function saeConfig({ d_model, d_sae, k, hook }: ModelShape): Record<string, unknown> {
  return {
    architecture: 'topk',
    d_in: d_model,
    d_sae,
    k,
    dtype: 'float32',
    apply_b_dec_to_input: true,
    normalize_activations: 'none',
    reshape_activations: 'none',
    rescale_acts_by_decoder_norm: false,
    model_name: 'random',
    hook_name: hook,
    metadata: { model_name: 'random', hook_name: hook, prepend_bos: true }
  }
}

/** GPT-2's byte-level scheme with no merges: 256 byte tokens, tokens that no text reaches, and the end-of-text token last. */
export function byteTokenizer(d_vocab: number): Record<string, unknown> {
  const vocab: Record<string, number> = {}
  for (const symbol of byteAlphabet()) vocab[symbol] = Object.keys(vocab).length
  for (let id = 256; id < d_vocab - 1; id++) vocab[`Ġunused${id}`] = id
  vocab[END] = d_vocab - 1
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: d_vocab - 1, content: END, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab,
      merges: []
    }
  }
}

/** GPT-2's printable stand-ins for the 256 bytes, in the order of its vocabulary. */
function byteAlphabet(): string[] {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)]
  return [...printable, ...range(0x100, 0x100 + 255 - printable.length)].map((code) => String.fromCharCode(code))
}

/** Uniform numbers of a given standard deviation: a 32-bit linear congruence (Numerical Recipes), fast enough for 10^8 of them. */
export function randomWeights(seed: number): (shape: number[], deviation: number) => TensorToWrite {
  let state = seed
  return (shape, deviation) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32
    for (let index = 0; index < data.length; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      data[index] = state * scale
    }
    return { dtype: 'F32', shape, data }
  }
}

export function filled(shape: number[], value: number): TensorToWrite {
  return { dtype: 'F32', shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value) }
}

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(content))
}
