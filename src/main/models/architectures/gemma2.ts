/**
 * Gemma 2: soft caps on scores and logits; layers with a sliding window and layers that see all in turn, windows first. The forward
 * pass is ../gemma.ts. Source: configuration_gemma2.py of Hugging Face transformers.
 */
import { z } from 'zod'
import { endIds, parseConfig, Size } from '../config'
import { gemmaArchitecture, gemmaFields, gemmaSizes, gemmaWindows, type GemmaPlan } from '../gemma'
import { frequenciesOf, Scaling } from '../rope'

const Cap = z.number().positive().nullable()

const Config = z.looseObject({
  ...gemmaFields,
  vocab_size: Size.default(256_000),
  max_position_embeddings: Size.default(8192),
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: Scaling.nullish(),
  rope_parameters: Scaling.nullish(),
  attn_logit_softcapping: Cap.default(50),
  final_logit_softcapping: Cap.default(30)
})

function plan(raw: Readonly<Record<string, unknown>>, path: string): GemmaPlan {
  const config = parseConfig(Config, raw, path)
  const sizes = gemmaSizes(config, path)
  const frequencies = frequenciesOf({ ...config, d_head: sizes.d_head }, path)
  return {
    sizes: { ...sizes, d_vocab: config.vocab_size, n_ctx: config.max_position_embeddings, eosIds: endIds(config.eos_token_id) },
    epsilon: config.rms_norm_eps,
    activation: config.hidden_activation,
    bias: config.attention_bias,
    tied: config.tie_word_embeddings,
    scale: config.query_pre_attn_scalar ** -0.5,
    softcap: config.attn_logit_softcapping,
    logitCap: config.final_logit_softcapping,
    headNorms: false,
    layers: gemmaWindows(config, 2, path).map((window) => ({ window, rotation: 'every layer', frequencies }))
  }
}

export const gemma2 = gemmaArchitecture({ family: 'gemma2', modelTypes: ['gemma2'], prefixes: ['model.'] }, plan)
