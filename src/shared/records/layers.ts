/** The latents of several hook points ranked together. */
import { z } from 'zod'
import { SaeReading } from './model'
import { Aggregation, Frozen, Identity, LatentEntries, PositionScope, Provenance, RankedLatent, RankingTarget } from './ranking'
import { NextToken, PromptInput, Token } from './token'

/** One hook point with its SAE. */
export const LayerRanking = z.object({
  hook: z.string(),
  sae: Provenance.shape.sae.extend({ reading: SaeReading.default({}) }),
  /** All active latents, best first. */
  latents: z.array(RankedLatent),
  /** All active pairs: where in the prompt each latent matters. */
  entries: LatentEntries,
  /** Sum of |score| over positions of each token, [positions]: where in the prompt the layer matters. */
  byPosition: z.array(z.number()),
  identity: Identity,
  fvu: z.number(),
  l0: z.number()
})
export type LayerRanking = z.infer<typeof LayerRanking>

export const LayersRanking = z.object({
  prompt: PromptInput,
  tokens: z.array(Token),
  target: RankingTarget,
  top: z.array(NextToken),
  aggregation: Aggregation,
  scope: PositionScope,
  includeSpecial: z.boolean(),
  frozen: Frozen,
  formula: z.string(),
  /** In the order of the forward pass. */
  layers: z.array(LayerRanking),
  warnings: z.array(z.string()),
  provenance: Provenance.pick({ model: true, device: true, precision: true, versions: true, createdAt: true, milliseconds: true })
})
export type LayersRanking = z.infer<typeof LayersRanking>
