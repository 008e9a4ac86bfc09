/**
 * Models and SAEs of seeded random numbers whose memory is measured: what takes memory are shapes and types, not what the numbers say.
 * GPT-2 small's shape in each precision, a Llama of some 300 million numbers, and an SAE of 16,384 latents over a wide, thin model.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { float32ToBfloat16, float32ToFloat16 } from '../../src/main/tensors/dtypes'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'
import { byteTokenizer, filled, GPT2_SMALL, gpt2Config, gpt2Weights, randomWeights } from './random-model'

export type Precision = 'F32' | 'F16' | 'BF16'

export interface LlamaShape {
  readonly layers: number
  readonly d_model: number
  readonly heads: number
  readonly kvHeads: number
  readonly d_head: number
  readonly d_mlp: number
  readonly d_vocab: number
}

export interface SaeShape {
  readonly d_in: number
  readonly d_sae: number
  readonly k: number
  readonly hook: string
}

/** What is measured together: a model, an SAE, the hook point between them. */
export interface MemoryCase {
  readonly name: string
  readonly model: { readonly gpt2: typeof GPT2_SMALL } | { readonly llama: LlamaShape }
  readonly precision: Precision
  readonly sae: SaeShape
  readonly saePrecision: Precision
}

const LLAMA_300M: LlamaShape = { layers: 16, d_model: 1024, heads: 16, kvHeads: 8, d_head: 64, d_mlp: 4096, d_vocab: 32000 }
const WIDE: LlamaShape = { layers: 2, d_model: 2304, heads: 8, kvHeads: 4, d_head: 256, d_mlp: 2304, d_vocab: 4096 }
const GPT2_SAE: SaeShape = { d_in: 768, d_sae: 24576, k: 32, hook: 'blocks.6.hook_resid_pre' }

export const MEMORY_CASES: readonly MemoryCase[] = [
  ...(['F32', 'F16', 'BF16'] as const).map((precision): MemoryCase => ({
    name: `GPT-2 small ${precision}, SAE 24k x 768 F32`,
    model: { gpt2: GPT2_SMALL },
    precision,
    sae: GPT2_SAE,
    saePrecision: 'F32'
  })),
  {
    name: 'Llama 300M BF16, SAE 16k x 1024 BF16',
    model: { llama: LLAMA_300M },
    precision: 'BF16',
    sae: { d_in: 1024, d_sae: 16384, k: 32, hook: 'blocks.8.hook_resid_pre' },
    saePrecision: 'BF16'
  },
  {
    name: 'thin Llama BF16, SAE 16k x 2304 F32',
    model: { llama: WIDE },
    precision: 'BF16',
    sae: { d_in: 2304, d_sae: 16384, k: 64, hook: 'blocks.1.hook_resid_pre' },
    saePrecision: 'F32'
  },
  {
    name: 'thin Llama BF16, SAE 64k x 2304 BF16',
    model: { llama: WIDE },
    precision: 'BF16',
    sae: { d_in: 2304, d_sae: 65536, k: 64, hook: 'blocks.1.hook_resid_pre' },
    saePrecision: 'BF16'
  }
]

/** Writes `<folder>/model` and `<folder>/sae`. */
export async function writeMemoryCase(folder: string, { model, precision, sae, saePrecision }: MemoryCase): Promise<void> {
  const [modelFolder, saeFolder] = [join(folder, 'model'), join(folder, 'sae')]
  for (const path of [modelFolder, saeFolder]) await mkdir(path, { recursive: true })
  const weights = 'gpt2' in model ? gpt2Weights(model.gpt2) : llamaWeights(model.llama)
  await writeSafetensors(join(modelFolder, 'model.safetensors'), stored(weights, precision), { format: 'pt' })
  await writeJson(join(modelFolder, 'config.json'), 'gpt2' in model ? gpt2Config(model.gpt2) : llamaConfig(model.llama))
  await writeJson(join(modelFolder, 'tokenizer.json'), byteTokenizer('gpt2' in model ? model.gpt2.d_vocab : model.llama.d_vocab))
  await writeJson(join(modelFolder, 'tokenizer_config.json'), { tokenizer_class: 'PreTrainedTokenizerFast' })
  await writeSafetensors(join(saeFolder, 'sae_weights.safetensors'), stored(saeWeights(sae), saePrecision))
  await writeJson(join(saeFolder, 'cfg.json'), {
    architecture: 'topk',
    d_in: sae.d_in,
    d_sae: sae.d_sae,
    k: sae.k,
    dtype: 'float32',
    apply_b_dec_to_input: true,
    normalize_activations: 'none',
    rescale_acts_by_decoder_norm: false,
    metadata: { sae_lens_version: '6.18.0', model_name: 'random', hook_name: sae.hook, prepend_bos: true }
  })
}

type Tensors = Readonly<Record<string, TensorToWrite>>

/** The tensors in a precision; each is converted by itself, so that the float32 ones can go. */
function stored(tensors: Tensors, precision: Precision): Tensors {
  if (precision === 'F32') return tensors
  const convert = precision === 'F16' ? float32ToFloat16 : float32ToBfloat16
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => {
      const floats = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4)
      return [name, { dtype: precision, shape, data: inPieces(floats, convert) }]
    })
  )
}

/** Converts a piece at a time: converting goes through arrays of many times the size. */
function inPieces(values: Float32Array, convert: (piece: Float32Array) => Uint16Array): Uint16Array {
  const words = new Uint16Array(values.length)
  const size = 2 ** 20
  for (let at = 0; at < values.length; at += size) words.set(convert(values.subarray(at, at + size)), at)
  return words
}

function saeWeights({ d_in, d_sae }: SaeShape): Tensors {
  const random = randomWeights(2)
  return {
    W_enc: random([d_in, d_sae], 1 / Math.sqrt(d_in)),
    b_enc: random([d_sae], 0.01),
    W_dec: random([d_sae, d_in], 1 / Math.sqrt(d_in)),
    b_dec: random([d_in], 0.01)
  }
}

function llamaWeights({ layers, d_model: d, heads, kvHeads, d_head, d_mlp, d_vocab }: LlamaShape): Tensors {
  const random = randomWeights(3)
  const weights: Record<string, TensorToWrite> = {
    'model.embed_tokens.weight': random([d_vocab, d], 1),
    'model.norm.weight': filled([d], 1)
  }
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}.`
    const linear = (name: string, into: number, out: number): void => {
      weights[`${at}${name}.weight`] = random([out, into], 1 / Math.sqrt(into))
    }
    weights[`${at}input_layernorm.weight`] = filled([d], 1)
    weights[`${at}post_attention_layernorm.weight`] = filled([d], 1)
    linear('self_attn.q_proj', d, heads * d_head)
    linear('self_attn.k_proj', d, kvHeads * d_head)
    linear('self_attn.v_proj', d, kvHeads * d_head)
    linear('self_attn.o_proj', heads * d_head, d)
    linear('mlp.gate_proj', d, d_mlp)
    linear('mlp.up_proj', d, d_mlp)
    linear('mlp.down_proj', d_mlp, d)
  }
  return weights
}

function llamaConfig({ layers, d_model, heads, kvHeads, d_head, d_mlp, d_vocab }: LlamaShape): unknown {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: d_model,
    intermediate_size: d_mlp,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: d_head,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    vocab_size: d_vocab,
    max_position_embeddings: 2048
  }
}

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(content))
}
