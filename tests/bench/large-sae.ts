/**
 * An SAE of 131,072 latents over a residual stream of 3,584 numbers (Gemma-2 9B's, 3.8 GB in float32) and a model of that width and one
 * tiny block, in the layouts of SAELens, dictionary_learning and Gemma Scope. Files are written in blocks, so that writing them takes
 * no memory worth speaking of.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../src/main/tensors/write-safetensors'
import { assert } from '../../src/shared/errors'
import { npyHeader, npyOf } from '../support/npy'
import { dict, pickleOf, storage, text, view } from '../support/pickle'
import { countOf, writeSafetensorsBlocks, writeZipBlocks, type Part } from './blocks'
import { byteTokenizer, filled, randomWeights } from './random-model'

export const LARGE = { d_model: 3584, d_sae: 131_072, k: 64, d_vocab: 300, hook: 'blocks.0.hook_resid_post' }
export type LargeShape = typeof LARGE

interface Kind {
  readonly name: string
  readonly write: (folder: string, shape: LargeShape) => Promise<void>
}

/** Producers' layouts and types that are measured. */
export const LARGE_KINDS: readonly Kind[] = [
  { name: 'sae-lens-f32', write: (folder, shape) => saeLens(folder, shape, { half: false, rescaled: false }) },
  { name: 'sae-lens-bf16', write: (folder, shape) => saeLens(folder, shape, { half: true, rescaled: false }) },
  { name: 'sae-lens-rescaled-f32', write: (folder, shape) => saeLens(folder, shape, { half: false, rescaled: true }) },
  { name: 'dictionary-learning-f32', write: dictionaryLearning },
  { name: 'gemma-scope-f32', write: gemmaScope }
]

/** Writes `<folder>/model` and `<folder>/<kind>`. */
export async function writeLarge(folder: string, kind: string, shape: LargeShape = LARGE): Promise<void> {
  const found = LARGE_KINDS.find(({ name }) => name === kind)
  assert(found, `${kind} is one of ${LARGE_KINDS.map(({ name }) => name).join(', ')}`)
  for (const name of ['model', kind]) await mkdir(join(folder, name), { recursive: true })
  await writeModel(join(folder, 'model'), shape)
  await found.write(join(folder, kind), shape)
}

/** The four tensors under their names in a layout, each matrix as [its rows, its columns]. */
function partsOf({ d_model, d_sae }: LargeShape, byLatent: boolean, names: readonly [string, string, string, string]): Part[] {
  const [W_enc, b_enc, W_dec, b_dec] = names
  const matrix = { deviation: 1 / Math.sqrt(d_model) }
  const vector = { deviation: 0.01 }
  return [
    { name: W_enc, shape: byLatent ? [d_sae, d_model] : [d_model, d_sae], values: matrix },
    { name: b_enc, shape: [d_sae], values: vector },
    { name: W_dec, shape: byLatent ? [d_model, d_sae] : [d_sae, d_model], values: matrix },
    { name: b_dec, shape: [d_model], values: vector }
  ]
}

async function saeLens(folder: string, shape: LargeShape, { half, rescaled }: { half: boolean; rescaled: boolean }): Promise<void> {
  const parts = partsOf(shape, false, ['W_enc', 'b_enc', 'W_dec', 'b_dec'])
  await writeSafetensorsBlocks(join(folder, 'sae_weights.safetensors'), parts, half)
  await writeJson(join(folder, 'cfg.json'), {
    architecture: 'topk',
    d_in: shape.d_model,
    d_sae: shape.d_sae,
    k: shape.k,
    dtype: 'float32',
    apply_b_dec_to_input: true,
    normalize_activations: 'none',
    rescale_acts_by_decoder_norm: rescaled,
    metadata: { sae_lens_version: '6.18.0', model_name: 'random', hook_name: shape.hook, prepend_bos: true }
  })
}

/** A PyTorch file: W_dec lies by outputs, so that no latent's row is in one piece. */
async function dictionaryLearning(folder: string, shape: LargeShape): Promise<void> {
  const { d_model, d_sae, k } = shape
  const parts = partsOf(shape, true, ['encoder.weight', 'encoder.bias', 'decoder.weight', 'b_dec'])
  const entries = parts.flatMap((part, key) => {
    const strides = part.shape.length === 1 ? [1] : [part.shape[1] ?? 1, 1]
    return [text(part.name), view(storage(String(key), countOf(part)), 0, part.shape, strides)]
  })
  await writeZipBlocks(join(folder, 'ae.pt'), [
    { name: 'ae/data.pkl', head: pickleOf(dict(...entries)) },
    ...parts.map((part, key) => ({ name: `ae/data/${key}`, head: new Uint8Array(), part })),
    { name: 'ae/version', head: Buffer.from('3\n') }
  ])
  const trainer = { dict_class: 'AutoEncoderTopK', activation_dim: d_model, dict_size: d_sae, k, layer: 0, lm_name: 'random' }
  await writeJson(join(folder, 'config.json'), { trainer })
}

/** NumPy's archive, with a threshold that some sixty latents of a position pass. */
async function gemmaScope(folder: string, shape: LargeShape): Promise<void> {
  const threshold: Part = { name: 'threshold', shape: [shape.d_sae], values: { constant: 5.2 } }
  const parts = [...partsOf(shape, false, ['W_enc', 'b_enc', 'W_dec', 'b_dec']), threshold]
  const members = parts.map((part) => ({ name: `${part.name}.npy`, head: npyOf(npyHeader('<f4', part.shape), new Uint8Array()), part }))
  await writeZipBlocks(join(folder, 'params.npz'), members)
}

/** A Llama of one block with one narrow head, so that the SAE is nearly all there is. */
async function writeModel(folder: string, { d_model: d, d_vocab }: LargeShape): Promise<void> {
  const random = randomWeights(3)
  const [head, inner] = [64, 64]
  const at = 'model.layers.0.'
  await writeSafetensors(join(folder, 'model.safetensors'), {
    'model.embed_tokens.weight': random([d_vocab, d], 1),
    'model.norm.weight': filled([d], 1),
    [`${at}input_layernorm.weight`]: filled([d], 1),
    [`${at}post_attention_layernorm.weight`]: filled([d], 1),
    [`${at}self_attn.q_proj.weight`]: random([head, d], 0.02),
    [`${at}self_attn.k_proj.weight`]: random([head, d], 0.02),
    [`${at}self_attn.v_proj.weight`]: random([head, d], 0.02),
    [`${at}self_attn.o_proj.weight`]: random([d, head], 0.1),
    [`${at}mlp.gate_proj.weight`]: random([inner, d], 0.02),
    [`${at}mlp.up_proj.weight`]: random([inner, d], 0.02),
    [`${at}mlp.down_proj.weight`]: random([d, inner], 0.1)
  })
  await writeJson(join(folder, 'config.json'), {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: d,
    intermediate_size: inner,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    num_key_value_heads: 1,
    head_dim: head,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    vocab_size: d_vocab,
    max_position_embeddings: 2048
  })
  await writeJson(join(folder, 'tokenizer.json'), byteTokenizer(d_vocab))
  await writeJson(join(folder, 'tokenizer_config.json'), { tokenizer_class: 'PreTrainedTokenizerFast' })
}

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(content))
}
