/** Calls answered by the engine process: everything that needs a model. Folder paths are absolute. */
import { z } from 'zod'
import { LatentDetail, LatentLabel } from '../records/latent'
import { MethodInfo, TargetInfo } from '../records/method'
import { Device, DeviceInfo, ModelInfo, SaeInfo, SaeReading } from '../records/model'
import { LayersRanking } from '../records/layers'
import { Preflight, PreflightSummary } from '../records/preflight'
import { AttributionSwitches, ExactCheck, MethodName, Ranking, TargetInput } from '../records/ranking'
import { NextToken, PromptInput, Token } from '../records/token'
import { Bench } from './bench'
import { call } from './call'
import { labelCalls } from './labels'
import { experimentEngineCalls } from './experiments'
import { setEngineCalls } from './sets'
import { steeringEngineCalls, unitEngineCalls, vectorEngineCalls } from './steering'

export const AttributeInput = Bench.extend({
  prompt: PromptInput,
  /** Patched in by the method `counterfactual` (and by integrated gradients, when given): a prompt of as many tokens. */
  counterfactual: PromptInput.nullable().optional(),
  method: MethodName,
  target: TargetInput.default(null),
  ...AttributionSwitches.shape,
  /** What is known of the pair, kept with the ranking. */
  preflight: PreflightSummary.nullable().optional(),
  /** False leaves the untouched model's own next tokens out; where a method substitutes, they are one more pass. */
  modelTop: z.boolean().optional()
})
export type AttributeInput = z.infer<typeof AttributeInput>

/** All layers at once; see `attribution.layers`. */
export const LayersInput = z.object({
  model: z.string(),
  saes: z
    .array(z.object({ sae: z.string(), hook: z.string().nullable().default(null), reading: SaeReading.optional() }))
    .min(1)
    .max(64),
  device: Device.default('auto'),
  prompt: PromptInput,
  target: TargetInput.default(null),
  ...AttributionSwitches.pick({ aggregation: true, targetKind: true, scope: true, includeSpecial: true, frozen: true, position: true })
    .shape
})
export type LayersInput = z.infer<typeof LayersInput>

export const engineCalls = {
  /** What the engine is and what the machine offers. */
  'engine.info': call({
    input: z.object({}),
    output: z.object({
      pid: z.number(),
      versions: z.record(z.string(), z.string()),
      devices: z.array(DeviceInfo),
      memory: z.object({ residentBytes: z.number(), totalBytes: z.number() })
    })
  }),
  /** Resident memory now, for the status bar. */
  'engine.memory': call({ input: z.object({}), output: z.object({ residentBytes: z.number() }) }),
  /**
   * Looks at and below folders, and at files, for models and SAEs. `ambiguous` are SAEs that several formats would read: a person chooses
   * one (`reading.format`). What looks like one and cannot be used is refused with the reason, and so is a path that holds nothing.
   */
  'library.inspect': call({
    input: z.object({ paths: z.array(z.string()) }),
    output: z.object({
      models: z.array(ModelInfo),
      saes: z.array(SaeInfo),
      ambiguous: z.array(z.object({ path: z.string(), formats: z.array(z.string()) })),
      refused: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() }))
    })
  }),
  /** What names, sizes and times of the files at each path come to, in the order asked; '' where there is nothing. Opens nothing. */
  'library.stamps': call({ input: z.object({ paths: z.array(z.string()) }), output: z.object({ stamps: z.array(z.string()) }) }),
  'model.open': call({ input: z.object({ model: z.string(), device: Device.default('auto') }), output: ModelInfo }),
  'sae.open': call({ input: z.object({ sae: z.string(), reading: SaeReading.optional() }), output: SaeInfo }),
  'tokens.encode': call({ input: z.object({ model: z.string(), prompt: PromptInput }), output: z.object({ tokens: z.array(Token) }) }),
  /** How a typed target splits: one token, or several that must be explained. */
  'tokens.target': call({ input: z.object({ model: z.string(), text: z.string() }), output: z.object({ tokens: z.array(Token) }) }),
  /** Vocabulary search for the target picker. */
  'tokens.search': call({
    input: z.object({ model: z.string(), query: z.string(), limit: z.number().int().default(50) }),
    output: z.object({ tokens: z.array(Token) })
  }),
  /** The untouched model's next tokens. */
  'model.next': call({
    input: z.object({
      model: z.string(),
      prompt: PromptInput,
      top: z.number().int().min(1).max(1000).default(10),
      device: Device.default('auto')
    }),
    output: z.object({ tokens: z.array(Token), top: z.array(NextToken), device: z.object({ requested: z.string(), used: z.string() }) })
  }),
  /** Looks whether model and SAE belong together, on sample text (`text` null takes our own); searches for the cause when they do not. */
  'preflight.run': call({ input: Bench.extend({ text: z.string().nullable().default(null) }), output: Preflight }),
  /** Active latents of a prompt, position by position. */
  'sae.activations': call({
    input: Bench.extend({ prompt: PromptInput }),
    output: z.object({
      positions: z.array(
        z.object({
          position: z.number().int(),
          token: Token,
          active: z.array(z.object({ latent: z.number().int(), activation: z.number() })),
          l0: z.number().int(),
          fvu: z.number()
        })
      ),
      fvu: z.number()
    })
  }),
  /** Methods and targets there are, in the order of menus. */
  'attribution.methods': call({ input: z.object({}), output: z.object({ methods: z.array(MethodInfo), targets: z.array(TargetInfo) }) }),
  /** About how long ablating so many latents takes; null for every active one. Runs one batch of them. */
  'attribution.estimate': call({
    input: AttributeInput.extend({ count: z.number().int().positive().nullable().default(null) }),
    output: z.object({ seconds: z.number(), latents: z.number().int() })
  }),
  /** The influence ranking. */
  'attribution.rank': call({ input: AttributeInput, output: Ranking }),
  /**
   * Ranks the latents of several SAEs of one model, each at its own hook point, from one forward and one backward pass with the error
   * terms kept. Scores are activation x gradient, and comparable between layers.
   */
  'attribution.layers': call({ input: LayersInput, output: LayersRanking }),
  /** Zero-ablates `latents` one by one, under the substitution of the method; streams each effect as it is known. */
  'attribution.verify': call({
    input: AttributeInput.extend({ latents: z.array(z.object({ latent: z.number().int(), score: z.number() })) }),
    output: ExactCheck,
    event: z.object({ effects: ExactCheck.shape.effects })
  }),
  /** Baseline (column 0) and one column per recipe, same prompt and seed, streamed. */
  ...steeringEngineCalls,
  ...unitEngineCalls,
  ...vectorEngineCalls,
  'latents.labels': call({ input: z.object({ sae: z.string() }), output: z.object({ labels: z.array(LatentLabel) }) }),
  'latents.detail': call({
    input: z.object({
      model: z.string(),
      sae: z.string(),
      reading: SaeReading.optional(),
      latent: z.number().int(),
      device: Device.default('auto')
    }),
    output: LatentDetail
  }),
  ...labelCalls,
  ...setEngineCalls,
  ...experimentEngineCalls
}
