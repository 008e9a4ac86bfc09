/**
 * All layers at once: the latents of SAEs at several hook points of a model, ranked from one forward and one backward pass.
 *
 *   c[l, n, i] = z[l, n, i] d target / d z[l, n, i],   d target / d z = tokenScale (g[l, n] . row[l, i])
 *
 * with z what the SAE at hook point l makes of the model's own value there, and g[l] the total derivative of the target with respect to
 * that value: attribution with the error term kept (Marks et al. 2024, arXiv 2403.19647), so that layers are comparable. The two passes
 * cost the same whatever the number of layers; what each layer adds is its encoder.
 */
import { assert, fail } from '../../shared/errors'
import type { LayersInput } from '../../shared/contract/engine'
import type { LayerRanking, LayersRanking } from '../../shared/records/layers'
import type { Device, SaeReading } from '../../shared/records/model'
import type { LatentEntries } from '../../shared/records/ranking'
import { breathe, type Task } from '../../shared/task'
import { canonicalHook, nextTokens, topTokens, widthOf } from '../models'
import type { Model } from '../models/types'
import { activeNorms, fitOf, type Encoder } from '../saes'
import type { Session } from '../runtime/types'
import type { Sae } from '../saes/types'
import { checkRequest, type Checked } from './check'
import { identityOf } from './identity'
import type { LayersRun, LayersSession, PassKind, Places } from './layers-session'
import { layersWarnings } from './layers-warnings'
import { describeTarget, runProvenance, saeProvenance } from './provenance'
import { scoresOf } from './score'
import { formulaOf } from './words'

const TOP = 10

/** An SAE, where it is applied, and how it was read. */
export interface Layer {
  readonly sae: Sae
  /** The hook point as it was named. */
  readonly hook: string
  /** Where the SAE reads: `hook` itself but for transcoders. */
  readonly reads: string
  readonly reading: SaeReading
}

/** What a ranking of layers runs on. Sessions and encoders belong to whoever opens them. */
export interface LayersBench {
  readonly model: Model
  readonly requested: Device
  /** In the order of the forward pass; see `orderLayers`. */
  readonly layers: readonly Layer[]
  readonly versions: Readonly<Record<string, string>>
  session<R>(places: Places, kind: PassKind, work: (session: LayersSession) => Promise<R>): Promise<R>
  encoder<R>(layer: Layer, work: (encoder: Encoder) => Promise<R>): Promise<R>
}

export type LayersRequest = Pick<
  LayersInput,
  'prompt' | 'target' | 'aggregation' | 'targetKind' | 'scope' | 'includeSpecial' | 'frozen' | 'position'
>

/** SAEs with the hook points asked for; null takes the one that the SAE's folder names. */
export interface AskedLayer {
  readonly sae: Sae
  readonly hook: string | null
  readonly reading: SaeReading
}

/**
 * Checks that every SAE belongs to the model, and puts them in the order of the forward pass; several at one hook point as given.
 * @throws SAE_HOOK_MISSING, LAYER_HOOK_UNKNOWN, SAE_MODEL_MISMATCH, LAYER_TWICE
 */
export function orderLayers(model: Model, asked: readonly AskedLayer[]): Layer[] {
  const { architecture, config, rawConfig } = model
  const points = architecture.hookPoints(config, rawConfig)
  const layers = asked.map((layer) => checkLayer(model, points, layer))
  const seen = new Set<string>()
  for (const { sae, hook, reading } of layers) {
    const key = JSON.stringify([sae.path, canonicalHook(hook), reading])
    if (seen.has(key)) fail('LAYER_TWICE', { sae: sae.name, hook })
    seen.add(key)
  }
  const place = ({ hook }: Layer): number => points.map(canonicalHook).indexOf(canonicalHook(hook))
  return layers.sort((a, b) => place(a) - place(b))
}

function checkLayer(model: Model, points: readonly string[], { sae, hook: asked, reading }: AskedLayer): Layer {
  const missing = (): never => fail('SAE_HOOK_MISSING', { path: sae.path })
  const hook = asked ?? sae.hookOut ?? sae.hook ?? missing()
  const reads = sae.hookOut === null ? hook : (sae.hook ?? missing())
  const readable = [...points, ...model.architecture.readPoints(model.config, model.rawConfig)]
  const unknown = !points.includes(hook) ? hook : !readable.includes(reads) ? reads : null
  if (unknown !== null) fail('LAYER_HOOK_UNKNOWN', { sae: sae.name, hook: unknown, model: model.name, supported: points.join(', ') })
  for (const [at, width] of [[reads, sae.d_in] as const, [hook, sae.d_out] as const]) {
    const found = widthOf(model.config, at)
    if (found !== width) fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: width, hook: at, model: model.name, d_model: found })
  }
  return { sae, hook, reads, reading }
}

/** The places that the layers need of one pass. */
export function placesOf(layers: readonly Layer[]): Places {
  const hooks = new Set(layers.map(({ hook }) => canonicalHook(hook)))
  const reads = new Set(layers.map((layer) => canonicalHook(layer.reads)).filter((place) => !hooks.has(place)))
  return { hooks: [...hooks], reads: [...reads] }
}

/**
 * Ranks every latent that is active on the prompt in any of the layers. Cancel takes effect between runs (rejects with Cancelled).
 * @throws what `checkRequest` throws, SAE_TOO_WIDE, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function rankLayers(bench: LayersBench, request: LayersRequest, task: Task): Promise<LayersRanking> {
  const started = performance.now()
  const { model, layers } = bench
  const checked = checkRequest(model, { ...request, method: 'attribution' })
  const { plan, frozen } = checked
  const devices: Session['device'][] = []
  task.progress('Taking the gradient', 0, layers.length + 1)
  const run = await bench.session(placesOf(layers), { reading: checked.target.reading, frozen }, (session) => {
    devices.push(session.device)
    return session.run(plan)
  })
  const ranked: LayerRanking[] = []
  for (const layer of layers) {
    await breathe(task)
    task.progress(`Encoding ${layer.hook}`, ranked.length + 1, layers.length + 1)
    const one = await bench.encoder(layer, (encoder) => {
      devices.push(encoder.device)
      return rankLayer(encoder, layer, run, checked)
    })
    ranked.push(one)
  }
  const target = describeTarget(model, checked, run)
  return {
    prompt: request.prompt,
    tokens: plan.ids.map((id) => model.tokenizer.token(id)),
    target,
    top: nextTokens(model, topTokens(run.logits[0] ?? new Float32Array(), TOP)),
    aggregation: checked.method.aggregation,
    scope: checked.scope,
    includeSpecial: request.includeSpecial,
    frozen,
    formula: formulaOf(checked, target),
    layers: ranked,
    warnings: layersWarnings(
      model,
      layers.map(({ sae }) => sae),
      { checked, target, ranked, devices }
    ),
    provenance: { ...runProvenance(model, bench.requested, devices, bench.versions), milliseconds: performance.now() - started }
  }
}

async function rankLayer(
  encoder: Encoder,
  { sae, hook, reads, reading }: Layer,
  run: LayersRun,
  { counted, method }: Checked
): Promise<LayerRanking> {
  const [own, input] = [run.values.get(canonicalHook(hook)), run.values.get(canonicalHook(reads))]
  const slope = run.gradients.get(canonicalHook(hook))
  assert(own && input && slope, `the pass yields ${hook}`)
  const active = await encoder.encode(input, counted.length, own)
  const { entries, latents, total } = scoresOf(active, slope, method, counted, await activeNorms(sae, active))
  const { total: fvu, meanL0: l0 } = fitOf(active)
  return {
    hook,
    sae: saeProvenance(sae, reading),
    latents,
    entries,
    byPosition: byPosition(entries, counted.length),
    identity: identityOf(active, own, slope, total),
    fvu,
    l0
  }
}

/** Sum of |score| of each position's pairs, in float64. */
function byPosition({ position, score }: LatentEntries, positions: number): number[] {
  const sums = new Array<number>(positions).fill(0)
  position.forEach((at, entry) => (sums[at] = (sums[at] ?? 0) + Math.abs(score[entry] ?? 0)))
  return sums
}
