/** What the Layers view draws, taken from a ranking of layers: pure, so that it can be tested and reused. */
import type { LayerRanking, LayersRanking } from '../../shared/records/layers'

/** `blocks.3.hook_resid_post` -> "3 resid_post". Other names are returned as they are. */
export function shortHook(hook: string): string {
  const found = /^blocks\.(\d+)\.(?:attn\.|mlp\.)?hook_(.+)$/.exec(hook)
  if (!found) return hook
  const part = /\.(attn|mlp)\./.exec(hook)?.[1]
  return `${found[1]} ${part === undefined ? '' : `${part}_`}${found[2]}`
}

/** A short name for each layer: its hook point, and where several SAEs share one what tells them apart. */
export function layerNames(layers: readonly Pick<LayerRanking, 'hook' | 'sae'>[]): string[] {
  const hooks = layers.map(({ hook }) => shortHook(hook))
  return layers.map(({ hook, sae }, at) => {
    const name = hooks[at] ?? ''
    const others = layers.filter((each, index) => index !== at && hooks[index] === name).map((each) => each.sae)
    if (others.length === 0) return name
    const telling = [sae.architecture, `${sae.d_sae}`, sae.name.replace(`${hook}-`, '')]
    const which = [
      others.every((each) => each.architecture !== sae.architecture),
      others.every((each) => each.d_sae !== sae.d_sae),
      others.every((each) => each.name !== sae.name)
    ].indexOf(true)
    return `${name} ${telling[which] ?? `#${at + 1}`}`
  })
}

/** Sum of |score| over latents of each layer as a share of all layers' together; 0 where nothing has any. */
export function layerShares(layers: readonly Pick<LayerRanking, 'byPosition'>[]): number[] {
  const sums = layers.map(({ byPosition }) => byPosition.reduce((sum, score) => sum + score, 0))
  const whole = sums.reduce((sum, one) => sum + one, 0)
  return sums.map((one) => (whole === 0 ? 0 : one / whole))
}

/** A latent of a layer of the shown ranking. */
export interface LayerLatent {
  readonly layer: number
  readonly latent: number
}

/** What a latent adds to its layer's scores at each position, [positions]. */
export function latentScores({ entries, byPosition }: LayerRanking, latent: number): Float64Array {
  const sums = new Float64Array(byPosition.length)
  entries.latent.forEach((each, at) => {
    const place = entries.position[at] ?? 0
    if (each === latent) sums[place] = (sums[place] ?? 0) + (entries.score[at] ?? 0)
  })
  return sums
}

/** Signed sum of all the layer's scores at each position, [positions]. */
export function layerScores({ entries, byPosition }: LayerRanking): Float64Array {
  const sums = new Float64Array(byPosition.length)
  entries.position.forEach((place, at) => (sums[place] = (sums[place] ?? 0) + (entries.score[at] ?? 0)))
  return sums
}

/** Sum of |score| at each position over all layers, [positions]. */
export function scoresOfAll({ layers, tokens }: LayersRanking): Float64Array {
  const sums = new Float64Array(tokens.length)
  for (const { byPosition } of layers) byPosition.forEach((score, place) => (sums[place] = (sums[place] ?? 0) + score))
  return sums
}

/** The cell one step from `from` in the overview of the `count` best latents of each layer; stays inside. */
export function neighbour(layers: readonly LayerRanking[], from: LayerLatent | null, key: string, count: number): LayerLatent | null {
  const at = from && layers[from.layer]
  if (!from || !at) return first(layers, 0)
  const rank = at.latents.findIndex(({ latent }) => latent === from.latent)
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [0, -rank], End: [0, count] }[
    key
  ] ?? [0, 0]
  const layer = Math.min(layers.length - 1, Math.max(0, from.layer + (dx ?? 0)))
  const shown = layers[layer]?.latents.slice(0, count) ?? []
  const place = Math.min(shown.length - 1, Math.max(0, Math.min(rank, count - 1) + (dy ?? 0)))
  const latent = shown[place]?.latent
  return latent === undefined ? from : { layer, latent }
}

function first(layers: readonly LayerRanking[], layer: number): LayerLatent | null {
  const latent = layers[layer]?.latents[0]?.latent
  return latent === undefined ? null : { layer, latent }
}

/** The layer a clicked mark stands for, when its data carries one. */
export function markLayer(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('layer' in data)) return null
  return typeof data.layer === 'number' ? data.layer : null
}

/** |error| of the parts of g . resid: what the layer's SAE leaves unexplained there, 0 to 1. */
export function errorShare({ latents, decoderBias, error }: LayerRanking['identity']): number {
  const whole = Math.abs(latents) + Math.abs(decoderBias) + Math.abs(error)
  return whole === 0 ? 0 : Math.abs(error) / whole
}
