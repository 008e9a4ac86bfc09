/** The influence ranking of one prompt: an attribution of one, and the record that says all about it. */
import { assert } from '../../shared/errors'
import type { Ranking } from '../../shared/records/ranking'
import type { NextToken } from '../../shared/records/token'
import type { Task } from '../../shared/task'
import { nextTokens, topTokens } from '../models'
import { fitOf } from '../saes'
import { attributeBatch } from './batch'
import { suffixLogitsAt, type Bench } from './bench'
import { checkRequest, type AttributionRequest } from './check'
import { checkPreflight } from './preflight'
import type { Prepared } from './prepare'
import { provenanceOf, targetRecord } from './provenance'
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

/** What the untouched model predicts where the target is read. With the error term kept, that is what was computed already. */
async function modelTopOf(bench: Bench, { substitution, own, plan }: Prepared, top: NextToken[]): Promise<NextToken[]> {
  if (substitution === 'reconstruction+error') return top
  const logits = await suffixLogitsAt(bench, 1, own.value, own.beside, [plan.terms[0]?.position ?? plan.ids.length - 1])
  return nextTokens(bench.sessions.model, topTokens(logits, TOP))
}
