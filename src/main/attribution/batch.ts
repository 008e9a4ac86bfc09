/** Attribution of several prompts at once, with one method: read together, encoded together, differentiated together. */
import { assert } from '../../shared/errors'
import type { Completeness, Identity, RankedLatent } from '../../shared/records/ranking'
import { breathe, type Task } from '../../shared/task'
import { activeNorms } from '../saes'
import type { Session } from '../runtime/types'
import { randomStream } from '../statistics/random'
import { effectsOf, targetAt } from './ablate'
import type { Bench } from './bench'
import type { Checked } from './check'
import { identityOf } from './identity'
import { baseOf, prepareAll, type Prepared } from './prepare'
import { rescored, scoresOf, type Scores } from './score'
import { slopesOf, type Slope } from './slopes'
import { valueOf } from './value'

/** What attribution found for one prompt. */
export interface Attributed {
  readonly prepared: Prepared
  readonly scores: Omit<Scores, 'latents'>
  /** All latents active at a counted position, best first. */
  readonly latents: readonly RankedLatent[]
  /** The token of each term, and the logits it is read from. */
  readonly ids: readonly number[]
  readonly logits: readonly Float32Array[]
  /** The target's value as the method runs the model. */
  readonly value: number
  readonly identity: Identity
  /** What the error term contributes at each position, [positions]; null where it is not kept. */
  readonly errorEffects: readonly number[] | null
  /** Of paths; null where it was not asked for or means nothing. */
  readonly completeness: Completeness | null
  readonly devices: readonly Session['device'][]
}

export interface BatchOptions {
  /** Whether the start of paths is run as well, which `completeness` needs: one more pass for each prompt. */
  readonly completeness: boolean
}

/**
 * Attributes the target of each prompt. All requests share method and switches; prompts, targets and counterfactuals are their own.
 * A batch takes about positions x (d_model + d_sae) numbers for the encoder and positions x what a layer holds for the backward pass,
 * with positions = prompts x the longest of them, which the caller bounds. Exact ablation goes prompt by prompt. Cancel takes effect
 * between runs (rejects with Cancelled). @throws SAE_TOO_WIDE, DIRECT_PATH_UNKNOWN, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function attributeBatch(
  bench: Bench,
  requests: readonly Checked[],
  task: Task,
  { completeness }: BatchOptions = { completeness: false }
): Promise<Attributed[]> {
  task.progress('Reading the prompt', 0, 3)
  const prepared = await prepareAll(bench, requests)
  await breathe(task)
  task.progress('Taking the gradient', 1, 3)
  const slopes = await slopesOf(bench, prepared, task)
  await breathe(task)
  task.progress('Scoring', 2, 3)
  const found: Attributed[] = []
  for (const [index, one] of prepared.entries()) {
    const slope = slopes[index]
    assert(slope, 'every prompt has a gradient')
    found.push(await attributed(bench, one, slope, task, completeness))
  }
  return found
}

async function attributed(bench: Bench, prepared: Prepared, slope: Slope, task: Task, wantsCompleteness: boolean): Promise<Attributed> {
  const { active, own, method, counted, patch, plan, target } = prepared
  const { ids, logits, gradient, device } = slope
  const norms = await activeNorms(bench.encoder.sae, active)
  const { latents, ...scores } = scoresOf(active, gradient, method, counted, norms, patch?.Z ?? null)
  const value = valueOf(target.reading, plan.terms, logits, ids)
  const errorEffects = errorEffectsOf(prepared, gradient)
  const found = { prepared, scores, ids, logits, value, errorEffects, devices: [bench.encoder.device, device] }
  const identity = identityOf(active, own.value, gradient, scores.total)
  const complete = wantsCompleteness ? await completenessOf(bench, prepared, scores.explained, errorEffects, ids) : null
  return { ...found, identity, completeness: complete, latents: await finalScores(bench, prepared, latents, ids, task) }
}

/** Scores that are not sums over pairs: exact ablation and random order. */
async function finalScores(
  bench: Bench,
  prepared: Prepared,
  latents: RankedLatent[],
  ids: readonly number[],
  task: Task
): Promise<RankedLatent[]> {
  const { method, request, plan } = prepared
  if (method.contribution !== null) return latents
  const ascending = latents.map(({ latent }) => latent).sort((a, b) => a - b)
  if (method.name === 'random') {
    const random = randomStream(request.seed ?? 0)
    const drawn = new Map(ascending.map((latent) => [latent, random()]))
    return rescored(latents, (latent) => drawn.get(latent) ?? 0, method)
  }
  // Before and after are both taken from the suffix alone, so that an ablation without effect is exactly 0.
  const terms = plan.terms.map((term, index) => ({ ...term, id: ids[index] ?? term.id }))
  const held = { ...prepared, plan: { ...plan, terms } }
  const before = await targetAt(bench, held, prepared.substituted)
  const effects = new Map((await effectsOf(bench, held, before, ascending, task)).map(({ latent, effect }) => [latent, effect]))
  return rescored(latents, (latent) => effects.get(latent) ?? 0, method)
}

/**
 * What the error term contributes at each counted position. With a counterfactual the part of g . (x - x') that the latents' (z - z') do
 * not account for: the change of the error and, where the SAE normalises each token, of its scale. With a zero baseline g . error.
 */
function errorEffectsOf({ active, counted, substitution, substituted, patch }: Prepared, gradient: Float32Array): number[] | null {
  if (patch === null && substitution === 'reconstruction') return null
  const { d_out, latents, Z, rows, tokenScale, error } = active
  return counted.map((counts, position) => {
    if (!counts) return 0
    const start = position * d_out
    let sum = 0
    for (let i = 0; i < d_out; i++) {
      const g = gradient[start + i] ?? 0
      sum += g * (patch ? (substituted[start + i] ?? 0) - (patch.substituted[start + i] ?? 0) : (error[start + i] ?? 0))
    }
    if (patch === null) return sum
    for (let u = 0; u < latents.length; u++) {
      const at = position * latents.length + u
      const change = ((Z[at] ?? 0) - (patch.Z[at] ?? 0)) * (tokenScale[position] ?? 1)
      if (change === 0) continue
      for (let i = 0; i < d_out; i++) sum -= change * (gradient[start + i] ?? 0) * (rows[u * d_out + i] ?? 0)
    }
    return sum
  })
}

/** Of methods whose contributions are meant to add up to a change: from the start of the path to the values written. */
async function completenessOf(
  bench: Bench,
  prepared: Prepared,
  explained: number,
  errorEffects: readonly number[] | null,
  ids: readonly number[]
): Promise<Completeness | null> {
  const { method, patch, plan } = prepared
  if (method.gradient !== 'path' && patch === null) return null
  const terms = plan.terms.map((term, index) => ({ ...term, id: ids[index] ?? term.id }))
  const held = { ...prepared, plan: { ...plan, terms } }
  const start = await targetAt(bench, held, baseOf(prepared))
  const end = await targetAt(bench, held, prepared.substituted)
  const whole = explained + (patch ? (errorEffects ?? []).reduce((sum, effect) => sum + effect, 0) : 0)
  const change = end.value - start.value
  return { explained: whole, change, gap: change - whole }
}
