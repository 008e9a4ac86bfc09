import { z } from 'zod'

export const Device = z.enum(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
export type Device = z.infer<typeof Device>

/** One device as the runtime offers it on this machine. */
export const DeviceInfo = z.object({
  device: Device,
  available: z.boolean(),
  /** Why it is not available, or what it is. */
  note: z.string()
})
export type DeviceInfo = z.infer<typeof DeviceInfo>

/** What running a model or SAE takes in memory, estimated before anything is loaded. Bytes. */
export const MemoryEstimate = z.object({
  total: z.number(),
  /** What the machine could give when it was asked. */
  available: z.number(),
  /** What takes how much, in words: "weights as float32 (stored as bfloat16), prefix". */
  parts: z.array(z.object({ what: z.string(), bytes: z.number() }))
})
export type MemoryEstimate = z.infer<typeof MemoryEstimate>

/** What the window and records know of an opened model. */
export const ModelInfo = z.object({
  path: z.string(),
  name: z.string(),
  /** Family of the architecture file, for example "llama". */
  family: z.string(),
  d_model: z.number().int(),
  n_layers: z.number().int(),
  n_heads: z.number().int(),
  n_kv_heads: z.number().int(),
  d_head: z.number().int(),
  d_mlp: z.number().int(),
  d_vocab: z.number().int(),
  n_ctx: z.number().int(),
  /** Stored precision: float32, float16 or bfloat16. */
  precision: z.string(),
  parameters: z.number(),
  bytes: z.number(),
  /** "sha256:..." over the model's files. */
  hash: z.string(),
  /** Hook points an SAE may be attached to, in forward order. */
  hookPoints: z.array(z.string()),
  /** Further places a transcoder may read. */
  readPoints: z.array(z.string()).default([]),
  /** For an attribution of a prompt of usual length; null until it is estimated. */
  memoryEstimate: MemoryEstimate.nullable().default(null),
  /** Whether it has a chat template, so that prompts can be chats. */
  chat: z.boolean().optional()
})
export type ModelInfo = z.infer<typeof ModelInfo>

/**
 * How an SAE is read where its files leave a choice or the preflight has found another way; what is absent is as the files say.
 * Chosen by a person or by the preflight, stored with the SAE's hash, and printed with every ranking.
 */
export const SaeReading = z
  .object({
    /** Name of the format, where several match. */
    format: z.string(),
    /** Hook point it reads, and for transcoders the one it writes. */
    hook: z.string(),
    hookOut: z.string(),
    centred: z.boolean(),
    prependBos: z.boolean(),
    /** Whether b_dec is subtracted before the encoder. */
    subtractDecoderBias: z.boolean(),
    /** Factor on the input, undone on the output: sqrt(d_in) over the mean norm of the training data. */
    scale: z.number().positive(),
    /** W_dec is stored the other way round than the format says. */
    transposedDecoder: z.boolean(),
    /** W_skip is stored the other way round than the format says. */
    transposedSkip: z.boolean(),
    /** Active latents per position of a top-k SAE whose files do not say. */
    k: z.number().int().positive(),
    /** Which reading of Llama Scope's threshold (formats.md 4). */
    gate: z.enum(['openmoss', 'saelens', 'plain'])
  })
  .partial()
export type SaeReading = z.infer<typeof SaeReading>

/** What the window and records know of an opened SAE. */
export const SaeInfo = z.object({
  path: z.string(),
  name: z.string(),
  format: z.string(),
  architecture: z.string(),
  d_in: z.number().int(),
  /** Width of what it writes: d_in but for transcoders. */
  d_out: z.number().int(),
  d_sae: z.number().int(),
  /** Active latents per position, when the gate fixes it. */
  k: z.number().int().nullable(),
  /** Canonical hook point it reads; null when the folder does not name one. */
  hook: z.string().nullable(),
  /** Transcoders: the hook point it writes; null for SAEs, which write where they read. */
  hookOut: z.string().nullable(),
  /** Model named by the folder, as written there. */
  modelName: z.string().nullable(),
  /** Stored precision of most weights. */
  precision: z.string().default('float32'),
  bytes: z.number(),
  hash: z.string(),
  /** What the encoder takes beside the model; null until it is estimated. */
  memoryEstimate: MemoryEstimate.nullable().default(null),
  /** True when labels (latents.jsonl) lie beside the weights. */
  labelled: z.boolean(),
  /** Every transformation applied on loading, in words. */
  notes: z.array(z.string())
})
export type SaeInfo = z.infer<typeof SaeInfo>
