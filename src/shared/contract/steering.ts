/** Calls of the steering bench. The engine generates and measures; the archive keeps the marks people make. */
import { z } from 'zod'
import { Mark, NewMark } from '../records/marks'
import { Device, SaeReading } from '../records/model'
import { PreflightSummary } from '../records/preflight'
import { ProjectState } from '../records/project'
import { ConceptSettings } from '../records/scores'
import { Comparison, Direction, GeneratedToken, GenerationSettings, Recipe } from '../records/steering'
import { PromptInput } from '../records/token'
import { call } from './call'

/** A model, and the SAE that recipes mean where they name no other; null for baselines and raw directions. */
export const SteeringBench = z.object({
  model: z.string(),
  sae: z.string().nullable(),
  hook: z.string().nullable().default(null),
  reading: SaeReading.optional(),
  device: Device.default('auto')
})

export const MAX_RECIPES = 16

/** One unit of a latent in other units. */
export const LatentUnits = z.object({
  latent: z.number().int(),
  /** ||W_dec[latent]|| as stored. */
  rowNorm: z.number(),
  /** Largest and typical (mean where active) activation, as its labels know them; null where they do not. */
  max: z.number().nullable(),
  typical: z.number().nullable(),
  /** Where these come from, in words; "" where nothing is known. */
  source: z.string()
})
export type LatentUnits = z.infer<typeof LatentUnits>

export const VectorFormat = z.enum(['json', 'safetensors', 'gguf'])
export type VectorFormat = z.infer<typeof VectorFormat>

export const steeringEngineCalls = {
  'steering.compare': call({
    input: SteeringBench.extend({
      /** What is known of the pair, kept with the comparison. */
      preflight: PreflightSummary.nullable().optional(),
      prompt: PromptInput,
      recipes: z.array(Recipe).max(MAX_RECIPES),
      settings: GenerationSettings,
      /** Token whose probability is watched along the text. */
      target: z.object({ id: z.number().int() }).nullable().default(null),
      /** Further tokens that are watched. */
      watch: z.array(z.number().int()).max(16).optional(),
      /** Second pass: log-probability under the unsteered model, KL, perplexity. */
      score: z.boolean().default(true),
      /** Third pass: concept, fluency, relatedness, changed latents; null without. */
      concept: ConceptSettings.nullable().optional()
    }),
    output: Comparison,
    event: z.object({ column: z.number().int(), index: z.number().int(), token: GeneratedToken })
  })
}

export const unitEngineCalls = {
  /** What units come to on a prompt: the hook value's mean norm over its positions (specials left out), the largest activation at the last, and each latent's own. */
  'steering.units': call({
    input: SteeringBench.extend({ sae: z.string(), prompt: PromptInput, latents: z.array(z.number().int()).max(256) }),
    output: z.object({ hook: z.string(), residualNorm: z.number(), largest: z.number(), latents: z.array(LatentUnits) })
  })
}

export const vectorEngineCalls = {
  /** Difference of the means of hook values over two groups of prompts. */
  'steering.direction': call({
    input: z.object({
      model: z.string(),
      device: Device.default('auto'),
      hook: z.string(),
      name: z.string(),
      /** Mean of these minus mean of those. */
      groups: z.tuple([
        z.object({ name: z.string(), prompts: z.array(PromptInput).min(1) }),
        z.object({ name: z.string(), prompts: z.array(PromptInput).min(1) })
      ]),
      /** The last position of each prompt, or the mean over its positions without specials. */
      position: z.enum(['last', 'mean']).default('last')
    }),
    output: Direction
  }),
  /** Writes a recipe, or its summed vector of each layer. Vectors hold what is added whatever the text; a recipe of other edits is refused. */
  'steering.export': call({
    input: SteeringBench.extend({ recipe: Recipe, format: VectorFormat, path: z.string() }),
    output: z.object({ path: z.string(), bytes: z.number(), notes: z.array(z.string()) })
  }),
  /**
   * Reads what `steering.export` writes, or vectors of others, for a model: a recipe as it was, its edits naming the SAE they mean; or one
   * recipe that adds each vector at its layer. `hook` is where vectors belong whose file does not say it.
   */
  'steering.import': call({
    input: z.object({ path: z.string(), model: z.string(), hook: z.string().nullable().default(null) }),
    output: z.object({ recipe: Recipe, notes: z.array(z.string()) })
  })
}

export const markArchiveCalls = {
  /** Marks of one saved comparison, oldest first. */
  'marks.list': call({ input: z.object({ comparisonId: z.string() }), output: z.object({ marks: z.array(Mark) }) }),
  /** Keeps a mark; undone and redone with the project's history. */
  'marks.add': call({
    input: z.object({ comparisonId: z.string(), mark: NewMark }),
    output: z.object({ mark: Mark, state: ProjectState })
  }),
  'marks.clear': call({
    input: z.object({ comparisonId: z.string() }),
    output: z.object({ removed: z.number().int(), state: ProjectState })
  })
}
