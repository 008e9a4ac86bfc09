/**
 * Gemma 3, its text part: norms of queries and keys; five layers with a sliding window for each that sees all; a rotation base of its
 * own for each kind, and a scaling for the layers that see all only. The forward pass is ../gemma.ts. Files of models that see
 * images nest the text part's config under `text_config` and put `language_model.` before its tensors; the rest of them is not read.
 * Source: configuration_gemma3.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { contradictory, endIds, parseConfig, Size, unsupported } from '../config'
import { gemmaArchitecture, gemmaFields, gemmaSizes, gemmaWindows, type GemmaPlan } from '../gemma'
import { frequenciesOf, Scaling } from '../rope'

const Config = z.looseObject({
  ...gemmaFields,
  vocab_size: Size.default(262_208),
  max_position_embeddings: Size.default(131_072),
  sliding_window_pattern: Size.nullish(),
  _sliding_window_pattern: Size.nullish(),
  rope_theta: z.number().positive().default(1_000_000),
  rope_local_base_freq: z.number().positive().default(10_000),
  rope_scaling: Scaling.nullish(),
  rope_parameters: z.looseObject({ full_attention: Scaling.nullish(), sliding_attention: Scaling.nullish() }).nullish(),
  attn_logit_softcapping: z.number().positive().nullish(),
  final_logit_softcapping: z.number().positive().nullish()
})
type Config = z.infer<typeof Config>

const Nested = z.looseObject({ text_config: z.record(z.string(), z.unknown()) })

/** The text part's fields; what a file with images says beside them counts where the text part is silent. */
function textConfig(raw: Readonly<Record<string, unknown>>, path: string): Config {
  if (raw.model_type !== 'gemma3') return parseConfig(Config, raw, path)
  const { text_config } = parseConfig(Nested, raw, path)
  const { tie_word_embeddings, eos_token_id } = raw
  const outer = { ...(tie_word_embeddings === undefined ? {} : { tie_word_embeddings }), eos_token_id }
  return parseConfig(Config, { ...outer, ...text_config }, path)
}

/** Frequencies of layers that see all, and of layers with a window. Only the former are scaled by the `rope_scaling` of older files. */
function frequencies(config: Config, path: string): { global: number[]; local: number[] } {
  const { head_dim: d_head, rope_theta, rope_local_base_freq, rope_scaling, rope_parameters } = config
  if (rope_parameters && !rope_parameters.full_attention && !rope_parameters.sliding_attention) {
    return contradictory(path, 'its rope_parameters name neither full_attention nor sliding_attention')
  }
  return {
    global: frequenciesOf({ d_head, rope_theta, rope_scaling: { ...rope_parameters?.full_attention, ...rope_scaling } }, path),
    local: frequenciesOf({ d_head, rope_theta: rope_local_base_freq, rope_scaling: rope_parameters?.sliding_attention }, path)
  }
}

function plan(raw: Readonly<Record<string, unknown>>, path: string): GemmaPlan {
  const config = textConfig(raw, path)
  const sizes = gemmaSizes(config, path)
  const { global, local } = frequencies(config, path)
  if (config.attn_logit_softcapping) unsupported(path, 'a soft cap on attention scores in a Gemma 3 model')
  const windows = gemmaWindows(config, config.sliding_window_pattern ?? config._sliding_window_pattern ?? 6, path)
  return {
    sizes: { ...sizes, d_vocab: config.vocab_size, n_ctx: config.max_position_embeddings, eosIds: endIds(config.eos_token_id) },
    epsilon: config.rms_norm_eps,
    activation: config.hidden_activation,
    bias: config.attention_bias,
    tied: config.tie_word_embeddings,
    scale: config.query_pre_attn_scalar ** -0.5,
    softcap: null,
    logitCap: config.final_logit_softcapping ?? null,
    headNorms: true,
    layers: windows.map((window) =>
      window === null ? { window, rotation: 'global', frequencies: global } : { window, rotation: 'local', frequencies: local }
    )
  }
}

export const gemma3 = gemmaArchitecture(
  {
    family: 'gemma3',
    modelTypes: ['gemma3_text', 'gemma3'],
    prefixes: ['language_model.model.', 'model.language_model.', 'language_model.', 'model.']
  },
  plan
)
