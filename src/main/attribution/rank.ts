/** The influence ranking: prompt -> hook values -> active latents -> substituted values -> gradient -> scores. */
import { assert } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { Ranking } from '../../shared/records/ranking'
import type { NextToken } from '../../shared/records/token'
import { breathe, type Task } from '../../shared/task'
import { nextTokens, scoreOf, topTokens } from '../models'
import { activeNorms, fitOf } from '../saes'
import { suffixLogits, type Bench } from './bench'
import { identityOf } from './identity'
import { checkPreflight } from './preflight'
import { prepare, type AttributionRequest, type Prepared } from './prepare'
import { scoresOf } from './score'
import { warningsOf } from './warnings'

const TOP = 10

/**
 * Ranks every latent that is active on the prompt. Cancel takes effect between runs (rejects with Cancelled).
 * @throws PREFLIGHT_STALE, what `prepare` throws, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function rankLatents(bench: Bench, request: AttributionRequest, task: Task): Promise<Ranking> {
  const started = performance.now()
  const { model } = bench.sessions
  const preflight = checkPreflight(request.preflight, model, bench.encoder.sae)
  task.progress('Reading the prompt', 0, 3)
  const prepared = await prepare(bench, request)
  await breathe(task)
  task.progress('Taking the gradient', 1, 3)
  const { method, ids, active } = prepared
  const session = await bench.gradient(method.target)
  const run = await session.run(prepared.substituted, prepared.own.beside, prepared.target)
  await breathe(task)
  task.progress('Scoring', 2, 3)
  const norms = await activeNorms(bench.encoder.sae, active)
  const { entries, latents, total } = scoresOf(active, run.gradient, method, prepared.counted, norms)
  const identity = identityOf(active, prepared.own.value, run.gradient, total)
  const fit = fitOf(active)
  const { logit, probability } = scoreOf(run.logits, run.id)
  const target = { ...model.tokenizer.token(run.id), kind: method.target.kind, value: run.value, probability, logit }
  const top = nextTokens(model, topTokens(run.logits, TOP))
  const modelTop = request.modelTop === false ? [] : await modelTopOf(bench, prepared, top)
  const devices = [bench.encoder.device, session.device]
  task.progress('Scoring', 3, 3)
  return {
    method: method.name,
    substitution: method.substitution,
    aggregation: method.aggregation,
    includeSpecial: request.includeSpecial,
    prompt: request.prompt,
    tokens: ids.map((id) => model.tokenizer.token(id)),
    target: { ...target, chosenBy: prepared.target === null ? 'greedy' : 'user' },
    top,
    modelTop,
    latents,
    entries,
    identity,
    fvu: fit.total,
    l0: fit.meanL0,
    exact: null,
    warnings: warningsOf(bench, prepared, { kind: target.kind, probability, fvu: fit.total, identity, devices }),
    provenance: { ...provenanceOf(bench, devices, request.reading ?? {}), preflight, milliseconds: performance.now() - started }
  }
}

/** What the untouched model predicts. With the error term kept, that is what the gradient run has computed already. */
async function modelTopOf(bench: Bench, { method, own }: Prepared, top: NextToken[]): Promise<NextToken[]> {
  if (method.substitution === 'reconstruction+error') return top
  const [logits] = await suffixLogits(bench, 1, own.value, own.beside)
  assert(logits, 'one row of hook values yields one row of logits')
  return nextTokens(bench.sessions.model, topTokens(logits, TOP))
}

function provenanceOf(
  { sessions, encoder, hook, versions }: Bench,
  devices: readonly { used: string }[],
  reading: SaeReading
): Omit<Ranking['provenance'], 'preflight' | 'milliseconds'> {
  const { model, requested } = sessions
  const { sae } = encoder
  return {
    model: { name: model.name, path: model.folder, hash: model.hash, family: model.architecture.family, precision: model.precision },
    sae: {
      name: sae.name,
      path: sae.path,
      hash: sae.hash,
      format: sae.format,
      architecture: sae.architecture,
      d_sae: sae.d_sae,
      notes: [...sae.notes],
      reading
    },
    hook,
    device: { requested, used: [...new Set(devices.map(({ used }) => used))].join(' + ') },
    precision: 'float32',
    versions: { ...versions },
    createdAt: new Date().toISOString()
  }
}
