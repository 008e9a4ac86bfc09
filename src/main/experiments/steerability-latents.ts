/** The latents of one prompt that are steered with, and what each predictor says of them before anything is steered. */
import type { RankedLatent } from '../../shared/records/ranking'
import type { SetPrompt } from '../../shared/records/sets'
import type { Task } from '../../shared/task'
import type { Bench } from '../attribution'
import { promptIds } from '../models'
import { answerIds } from '../sets/answer'
import { randomStream } from '../statistics/random'
import {
  inputScore,
  outputScores,
  OUTPUT_SCORE,
  promotedTokens,
  seesTokens,
  strongestExamples,
  type Example,
  type OutputScore
} from '../steering/measures'
import { rankPrompt, scoresByLatent } from './rank-prompt'
import type { SteerabilitySettings } from './steerability-shape'

/** Names of the predictors that no ranking gives. */
export const [INPUT, OUTPUT, CHANCE] = ['input score', 'output score', 'random']

/** Scores by latent; null where there is none. */
export type Prediction = ReadonlyMap<number, number | null>

/** What is known of a prompt's latents. */
export interface Predicted {
  /** Active at a counted position, by number. */
  readonly active: readonly number[]
  /** By name, each for every active latent. */
  readonly predictions: ReadonlyMap<string, Prediction>
  /** Ids of promoted tokens of each; empty where the SAE does not write into the residual stream. */
  readonly promoted: ReadonlyMap<number, readonly number[]>
}

/** The same for all prompts: the texts in which examples are looked for, as ids. A prompt is read with its answer, if it has one. */
export function textsOf(bench: Bench, prompts: readonly SetPrompt[], count: number): number[][] {
  const { model } = bench.sessions
  return prompts.slice(0, count).map(({ prompt, answer }) => {
    const ids = promptIds(model, prompt)
    return [...ids, ...(answer === null ? [] : answerIds(model, prompt, answer))].slice(0, model.config.n_ctx)
  })
}

/**
 * Every predictor for every latent that is active on a prompt, so that the sample can be taken from the top of each of them.
 * @throws what attribution, reading texts and output scores throw
 */
export async function predict(
  bench: Bench,
  prompts: readonly SetPrompt[],
  prompt: SetPrompt,
  settings: SteerabilitySettings,
  seed: number,
  task: Task
): Promise<Predicted> {
  const predictions = new Map<string, Prediction>()
  const active = new Set<number>()
  for (const method of settings.methods) {
    const { latents } = await rankPrompt(bench, prompt, method, { ...settings, seed }, seed, task)
    for (const { latent } of latents.filter(isActive)) active.add(latent)
    predictions.set(method, scoresByLatent(latents))
  }
  const all = [...active].sort((a, b) => a - b)
  const { sessions } = bench
  const sees = seesTokens(sessions, bench)
  const promoted = sees ? await promotedTokens(sessions, bench, all, settings.promoted) : new Map<number, number[]>()
  const examples = sees
    ? await strongestExamples(sessions, bench, all, textsOf(bench, prompts, settings.texts), task)
    : new Map<number, Example[]>()
  const outputs = sees
    ? await outputScores(sessions, bench, all, task, { ...OUTPUT_SCORE, promoted: settings.promoted })
    : new Map<number, OutputScore>()
  predictions.set(INPUT, new Map(all.map((latent) => [latent, inputScore(new Set(promoted.get(latent)), examples.get(latent) ?? [])])))
  predictions.set(OUTPUT, new Map(all.map((latent) => [latent, outputs.get(latent)?.score ?? null])))
  predictions.set(CHANCE, chanceOf(all, seed))
  return { active: all, predictions, promoted }
}

/** A number for each latent that nothing depends on: what any other predictor has to beat. */
export function chanceOf(active: readonly number[], seed: number): ReadonlyMap<number, number> {
  const random = randomStream(seed)
  return new Map(active.map((latent) => [latent, random()]))
}

const isActive = ({ maxActivation }: RankedLatent): boolean => maxActivation > 0

/**
 * The sample: the first `top` of each predictor but chance, and `drawn` of all active latents at random, which the union may hold already.
 * By number. Of equal scores the smaller number comes first; a latent without a score is never at the top.
 */
export function sampleOf(
  { active, predictions }: Pick<Predicted, 'active' | 'predictions'>,
  { top, drawn }: Pick<SteerabilitySettings, 'top' | 'drawn'>,
  seed: number
): { readonly latent: number; readonly drawn: boolean }[] {
  const taken = new Set<number>()
  for (const [name, scores] of predictions) if (name !== CHANCE) for (const latent of firstOf(active, scores, top)) taken.add(latent)
  // Another stream than that of the chance predictor, which would otherwise know the draw.
  const random = randomStream(-1 - seed)
  const order = active.map((latent) => ({ latent, key: random() })).sort((a, b) => a.key - b.key)
  const chance = new Set(order.slice(0, drawn).map(({ latent }) => latent))
  return [...new Set([...taken, ...chance])].sort((a, b) => a - b).map((latent) => ({ latent, drawn: chance.has(latent) }))
}

function firstOf(active: readonly number[], scores: Prediction, count: number): number[] {
  return active
    .flatMap((latent) => {
      const score = scores.get(latent) ?? null
      return score === null ? [] : [{ latent, score }]
    })
    .sort((a, b) => b.score - a.score || a.latent - b.latent)
    .slice(0, count)
    .map(({ latent }) => latent)
}
