/** What ranking several layers together costs beside ranking one of them alone. */
import type { EngineHandlers } from '../../src/main/engine/handlers'
import { median, time } from './measure'
import { promptOf, quiet } from './work'

export interface LayersSubject {
  readonly name: string
  readonly model: string
  readonly layers: readonly { readonly sae: string; readonly hook: string }[]
  readonly lengths: readonly number[]
}

export interface LayersTime {
  readonly tokens: number
  readonly layers: number
  /** All of them in one call, milliseconds. */
  readonly together: number
  /** By `attribution`, one call for each layer, in their order. */
  readonly alone: readonly number[]
  /** Median over all pairs of one run together and one run of a layer alone, right after each other. */
  readonly ratio: number
}

export interface LayersTimes {
  readonly subject: LayersSubject
  readonly times: readonly LayersTime[]
}

/** Each run together is followed by one of a layer alone, so that what else the machine does meanwhile counts for both. */
export async function timeLayers(engine: EngineHandlers, subject: LayersSubject, runs: number): Promise<LayersTimes> {
  const { model, layers } = subject
  const { d_vocab } = await engine['model.open']({ model, device: 'cpu' }, quiet())
  const times: LayersTime[] = []
  for (const tokens of subject.lengths) {
    const request = { model, device: 'cpu' as const, prompt: { ids: promptOf(tokens, d_vocab) }, target: null, includeSpecial: true }
    const all = async (): Promise<unknown> => engine['attribution.layers']({ ...request, saes: [...layers] }, quiet())
    const pairs: { together: number; alone: number; layer: number }[] = []
    for (const [index, layer] of layers.entries()) {
      const one = async (): Promise<unknown> =>
        engine['attribution.rank']({ ...request, ...layer, method: 'attribution', modelTop: false }, quiet())
      for (let run = 0; run < runs; run++) {
        const [together = NaN] = await time(1, run === 0 ? 1 : 0, all)
        const [alone = NaN] = await time(1, run === 0 ? 1 : 0, one)
        pairs.push({ together, alone, layer: index })
      }
    }
    times.push({
      tokens,
      layers: layers.length,
      together: median(pairs.map(({ together }) => together)),
      alone: layers.map((_, index) => median(pairs.filter(({ layer }) => layer === index).map(({ alone }) => alone))),
      ratio: median(pairs.map(({ together, alone }) => together / alone))
    })
  }
  return { subject, times }
}
