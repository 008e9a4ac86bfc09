/** Tiny models with SAEs whose every number PyTorch computed in float64 (tests/fixtures/make/torch_gradsae.py). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MethodName } from '../../src/shared/records/ranking'
import { InterventionMode, InterventionPositions } from '../../src/shared/records/steering'

const ROOT = join(import.meta.dirname, '../fixtures/gradsae')

const Numbers = z.array(z.number())

const GoldenRanking = z.object({
  method: MethodName,
  /** The token asked for; null takes the greedy one. */
  target: z.number().nullable(),
  includeSpecial: z.boolean(),
  /** The token whose target was taken. */
  id: z.number(),
  value: z.number(),
  logit: z.number(),
  probability: z.number(),
  identity: z.object({ total: z.number(), latents: z.number(), decoderBias: z.number(), error: z.number() }),
  /** Latent, score, exact effect; every latent that is active at a counted position. */
  latents: z.array(z.tuple([z.number(), z.number(), z.number()])),
  /** Position, latent, activation, gradient, what the pair adds to the score; every active pair. */
  pairs: z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]))
})
export type GoldenRanking = z.infer<typeof GoldenRanking>

const GoldenGeneration = z.object({
  /** null is the baseline. */
  interventions: z.array(z.tuple([z.number(), InterventionMode, z.number(), InterventionPositions])).nullable(),
  keepError: z.boolean(),
  ids: Numbers,
  logprobs: Numbers,
  baselineLogprob: Numbers,
  kl: Numbers
})
export type GoldenGeneration = z.infer<typeof GoldenGeneration>

const GoldenCase = z.object({
  /** True where the SAE's folder does not name its hook point. */
  nameless: z.boolean(),
  hook: z.string(),
  ids: Numbers,
  /** After the last position, [d_vocab]. */
  logits: Numbers,
  activations: z.object({
    positions: z.array(z.object({ active: z.array(z.tuple([z.number(), z.number()])), fvu: z.number() })),
    fvu: z.number()
  }),
  rankings: z.array(GoldenRanking),
  generations: z.array(GoldenGeneration)
})

/** One SAE of one model, with the folders of both. */
export type GoldenCase = z.infer<typeof GoldenCase> & { readonly name: string; readonly model: string; readonly sae: string }

/** Every case, in the order of the folders. */
export const GOLDEN_CASES: readonly GoldenCase[] = foldersIn(ROOT).flatMap((model) =>
  foldersIn(join(ROOT, model)).map((sae) => {
    const folder = join(ROOT, model, sae)
    const golden = GoldenCase.parse(JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')))
    return { ...golden, name: `${model} with ${sae} at ${golden.hook}`, model: join(ROOT, model), sae: folder }
  })
)

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return entries.map(({ name }) => name).sort()
}
