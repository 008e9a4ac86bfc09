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
  /** All of them in one call. */
  readonly together: number
  /** By `attribution`, one call for each: the mean, and the one at the first hook point, whose backward pass is the longest. Milliseconds. */
  readonly alone: number
  readonly first: number
}

export interface LayersTimes {
  readonly subject: LayersSubject
  readonly times: readonly LayersTime[]
}

export async function timeLayers(engine: EngineHandlers, subject: LayersSubject, runs: number): Promise<LayersTimes> {
  const { model, layers } = subject
  const { d_vocab } = await engine['model.open']({ model, device: 'cpu' }, quiet())
  const times: LayersTime[] = []
  for (const tokens of subject.lengths) {
    const request = { model, device: 'cpu' as const, prompt: { ids: promptOf(tokens, d_vocab) }, target: null, includeSpecial: true }
    const together = median(await time(runs, 1, async () => engine['attribution.layers']({ ...request, saes: [...layers] }, quiet())))
    const alone: number[] = []
    for (const layer of layers) {
      const rank = async (): Promise<unknown> =>
        engine['attribution.rank']({ ...request, ...layer, method: 'attribution', modelTop: false }, quiet())
      alone.push(median(await time(runs, 1, rank)))
    }
    const mean = alone.reduce((sum, one) => sum + one, 0) / alone.length
    times.push({ tokens, layers: layers.length, together, alone: mean, first: alone[0] ?? NaN })
  }
  return { subject, times }
}
