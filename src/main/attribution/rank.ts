/** The influence ranking of one prompt: an attribution of one, and the record that says all about it. */
import { assert } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { Ranking, RankingTarget } from '../../shared/records/ranking'
import type { NextToken } from '../../shared/records/token'
import type { Task } from '../../shared/task'
import { nextTokens, scoreOf, topTokens } from '../models'
import type { Model } from '../models/types'
import { fitOf } from '../saes'
import { attributeBatch, type Attributed } from './batch'
import { suffixLogitsAt, type Bench } from './bench'
import { checkRequest, type AttributionRequest } from './check'
import { checkPreflight } from './preflight'
import type { Prepared } from './prepare'
import { STEPS } from './slopes'
import { warningsOf } from './warnings'
import { formulaOf } from './words'

const TOP = 10

/**
 * Ranks every latent that is active on the prompt. Cancel takes effect between runs (rejects with Cancelled).
 * @throws PREFLIGHT_STALE, what `checkRequest` and `attributeBatch` throw
 */
export async function rankLatents(bench: Bench, request: AttributionRequest, task: Task): Promise<Ranking> {
  const started = performance.now()
  const { model } = bench.sessions
  const preflight = checkPreflight(request.preflight, model, bench.encoder.sae)
  const checked = checkRequest(model, request)
  const [found] = await attributeBatch(bench, [checked], task, { completeness: true })
  assert(found, 'one prompt has one attribution')
  const { method, substitution, scope, frozen, plan } = checked
  const fit = fitOf(found.prepared.active)
  const target = targetRecord(model, found)
  const top = nextTokens(model, topTokens(found.logits[0] ?? new Float32Array(), TOP))
  const modelTop = request.modelTop === false ? [] : await modelTopOf(bench, found.prepared, top)
  task.progress('Scoring', 3, 3)
  return {
    method: method.name,
    substitution,
    aggregation: method.aggregation,
    includeSpecial: request.includeSpecial,
    scope,
    frozen,
    formula: formulaOf(checked, target),
    steps: method.gradient === 'path' ? (request.steps ?? STEPS) : null,
    seed: method.name === 'random' ? (request.seed ?? 0) : null,
    prompt: request.prompt,
    counterfactual: checked.other === null ? null : (request.counterfactual ?? null),
    tokens: plan.ids.map((id) => model.tokenizer.token(id)),
    target,
    top,
    modelTop,
    latents: [...found.latents],
    entries: found.scores.entries,
    identity: found.identity,
    completeness: found.completeness,
    errorEffects: [...(found.errorEffects ?? [])],
    fvu: fit.total,
    l0: fit.meanL0,
    exact: null,
    warnings: warningsOf(bench, found, target, fit.total),
    provenance: { ...provenanceOf(bench, found.devices, request.reading ?? {}), preflight, milliseconds: performance.now() - started }
  }
}

/** The target with its value, and each of its terms with what the model gives it. */
export function targetRecord(model: Model, { prepared, ids, logits, value }: Attributed): RankingTarget {
  const { target, plan } = prepared
  const terms = plan.terms.map(({ position, weight }, term) => {
    const { id, logit, probability } = scoreOf(logits[term] ?? new Float32Array(), ids[term] ?? -1)
    return { position, token: model.tokenizer.token(id), weight, logit, probability }
  })
  const [first] = terms
  assert(first, 'a target has a term')
  const texts = terms.map(({ token }) => token.text)
  const { token, logit, probability } = first
  return { ...token, kind: target.kind, value, probability, logit, chosenBy: plan.chosenBy, label: target.label(texts, plan.terms), terms }
}

/** What the untouched model predicts where the target is read. With the error term kept, that is what was computed already. */
async function modelTopOf(bench: Bench, { substitution, own, plan }: Prepared, top: NextToken[]): Promise<NextToken[]> {
  if (substitution === 'reconstruction+error') return top
  const logits = await suffixLogitsAt(bench, 1, own.value, own.beside, [plan.terms[0]?.position ?? plan.ids.length - 1])
  return nextTokens(bench.sessions.model, topTokens(logits, TOP))
}

/** Everything a record says of where it comes from, but the time it took. */
export function provenanceOf(
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
