/**
 * Measuring finished texts without a judge: what is needed of each text is planned, read in batches (read-texts.ts), and made into scores
 * (parts.ts, overall.ts) and changed latents (changed-latents.ts). The same text is read once, whatever it is needed for.
 */
import { assert, fail } from '../../../shared/errors'
import type { ColumnMeasures, ConceptSettings, LatentRef } from '../../../shared/records/scores'
import type { Recipe } from '../../../shared/records/steering'
import type { Task } from '../../../shared/task'
import { promptIds as idsOf } from '../../models'
import { OWN } from '../compile'
import { changesNothing } from '../interventions'
import { openSteering, saesOf, type SteeringParts } from '../open'
import { continuationText } from '../text'
import { changedLatents } from './changed-latents'
import { scoresOf } from './overall'
import { batchesOf, type Job } from './batches'
import { promotedTokens, seesTokens } from './promoted'
import { readTexts, type LatentMeans } from './read-texts'
import { meanOf } from './relatedness'
import type { FoundConcept } from './types'
import { matcherOf } from './words'

/** A generated text, what steered it, and what the baseline says after the same prompt. */
export interface TextToMeasure {
  readonly promptIds: readonly number[]
  readonly generatedIds: readonly number[]
  /** Null is the baseline. */
  readonly recipe: Recipe | null
  readonly baselineIds: readonly number[]
}

/** A latent and the key of its SAE. */
interface ConceptLatent {
  readonly key: string
  readonly latent: number
}

/** What is read of one text, filled in as its batch comes. */
interface Unit {
  readonly promptIds: readonly number[]
  readonly generatedIds: readonly number[]
  /** Null where nothing is edited. */
  readonly recipe: Recipe | null
  /** SAEs that read the unsteered text, with the latents whose means are wanted. */
  readonly wanted: Map<string, Set<number>>
  logprobs: readonly number[]
  readonly activations: Map<string, number>
  readonly largest: Map<string, number>
  changed: ReturnType<typeof changedLatents>
}

/**
 * Fails where the settings cannot be used with a bench, before anything is generated.
 * @throws PATTERN_INVALID, CONCEPT_SAE_MISSING, LATENT_UNKNOWN, and what reading other prompts may throw
 */
export function checkConcept(bench: SteeringParts, settings: ConceptSettings): void {
  matcherOf(settings)
  if (settings.latent !== null) conceptLatentOf(bench, settings.latent)
  for (const prompt of settings.otherPrompts) idsOf(bench.sessions.model, prompt)
}

/** Measures one text; see `measureTexts`. */
export async function measureText(
  bench: SteeringParts,
  promptIds: readonly number[],
  generatedIds: readonly number[],
  recipe: Recipe | null,
  baselineIds: readonly number[],
  settings: ConceptSettings,
  task: Task
): Promise<ColumnMeasures> {
  const [measures] = await measureTexts(bench, [{ promptIds, generatedIds, recipe, baselineIds }], settings, task)
  assert(measures, 'each text has its measures')
  return measures
}

/**
 * Measures many texts, of any prompts and recipes, read together where their lengths allow it. `bench` names every SAE that a recipe or the
 * settings name. Cancel takes effect between runs (rejects with Cancelled).
 * @throws PATTERN_INVALID, CONCEPT_SAE_MISSING, CONTINUATION_TOO_LONG where a text does not fit after one of the other prompts, what
 * `openSteering` throws, NUMBERS_NOT_FINITE, SAE_TOO_WIDE
 */
export async function measureTexts(
  bench: SteeringParts,
  texts: readonly TextToMeasure[],
  settings: ConceptSettings,
  task: Task
): Promise<ColumnMeasures[]> {
  const { sessions } = bench
  const { tokenizer } = sessions.model
  const matches = matcherOf(settings)
  const others = settings.otherPrompts.map((prompt) => idsOf(sessions.model, prompt))
  const latents = texts.map(({ recipe }) => latentFor(bench, settings, recipe))
  const units = new Map<string, Unit>()
  const planned = texts.map((text, i) => planText(units, text, latents[i] ?? null))
  const given = new Map<string, { readonly other: readonly number[]; readonly ids: readonly number[]; mean: number }>()
  for (const { promptIds, generatedIds } of texts)
    for (const other of others) if (generatedIds.length > 0 && !same(other, promptIds)) addGiven(bench, given, other, generatedIds)
  await readAll(bench, [...units.values()], [...given.values()], task)
  const promoted = await promotedOf(bench, latents, settings.promoted)
  return texts.map(({ promptIds, generatedIds, baselineIds }, i) => {
    const { own, baseline } = planned[i] ?? {}
    assert(own && baseline, 'each text is planned')
    const elsewhere = others.filter((other) => !same(other, promptIds))
    const scores = scoresOf({
      generatedIds,
      text: continuationText(tokenizer, promptIds, generatedIds),
      logprobs: own.logprobs,
      baseline: { generatedIds: baselineIds, text: continuationText(tokenizer, promptIds, baselineIds), logprobs: baseline.logprobs },
      concept: { ...conceptOf(latents[i] ?? null, own, baseline, promoted), matches },
      givenOthers: generatedIds.length === 0 ? [] : elsewhere.map((other) => given.get(keyOf(other, generatedIds))?.mean ?? 0)
    })
    return { ...scores, ...own.changed }
  })
}

/** The latent that a text is scored by: that of the settings, or the first that its recipe edits. */
function latentFor(bench: SteeringParts, settings: ConceptSettings, recipe: Recipe | null): ConceptLatent | null {
  if (settings.latent !== null) return conceptLatentOf(bench, settings.latent)
  const first = recipe?.interventions.find(({ direction }) => direction === undefined)
  return first === undefined ? null : conceptLatentOf(bench, first)
}

function conceptLatentOf(bench: SteeringParts, { sae, latent }: LatentRef): ConceptLatent {
  const key = sae === undefined || sae === bench.sae?.encoder.sae.hash ? OWN : sae
  const found = saesOf(bench).get(key)
  if (found === undefined) return fail('CONCEPT_SAE_MISSING', { latent, sae: sae ?? 'the bench has none' })
  const { name, d_sae } = found.encoder.sae
  if (latent >= d_sae) fail('LATENT_UNKNOWN', { sae: name, latent, last: d_sae - 1 })
  return { key, latent }
}

function planText(units: Map<string, Unit>, text: TextToMeasure, latent: ConceptLatent | null): { own: Unit; baseline: Unit } {
  const { promptIds, generatedIds, recipe, baselineIds } = text
  const own = unitOf(units, promptIds, generatedIds, recipe === null || changesNothing(recipe) ? null : recipe)
  const baseline = unitOf(units, promptIds, baselineIds, null)
  if (latent !== null)
    for (const { wanted } of [own, baseline]) wanted.set(latent.key, (wanted.get(latent.key) ?? new Set()).add(latent.latent))
  return { own, baseline }
}

function unitOf(units: Map<string, Unit>, promptIds: readonly number[], generatedIds: readonly number[], recipe: Recipe | null): Unit {
  // Steered texts are their own: two recipes that are equal need not be the same.
  const key = recipe === null ? keyOf(promptIds, generatedIds) : `steered ${units.size}`
  const unit = units.get(key) ?? {
    promptIds,
    generatedIds,
    recipe,
    wanted: new Map<string, Set<number>>(),
    logprobs: [],
    activations: new Map<string, number>(),
    largest: new Map<string, number>(),
    changed: { rose: [], fell: [] }
  }
  units.set(key, unit)
  return unit
}

function addGiven(
  { sessions: { model } }: SteeringParts,
  given: Map<string, { other: readonly number[]; ids: readonly number[]; mean: number }>,
  other: readonly number[],
  ids: readonly number[]
): void {
  const [tokens, limit] = [other.length + ids.length, model.config.n_ctx]
  if (tokens > limit) fail('CONTINUATION_TOO_LONG', { tokens, limit, excess: tokens - limit })
  given.set(keyOf(other, ids), { other, ids, mean: 0 })
}

async function readAll(
  bench: SteeringParts,
  units: readonly Unit[],
  given: readonly { readonly other: readonly number[]; readonly ids: readonly number[]; mean: number }[],
  task: Task
): Promise<void> {
  const recipes = units.map(({ recipe }) => recipe)
  const ownKeys = bench.sae === null || recipes.every((recipe) => recipe === null) ? [] : [OWN]
  const keys = [...new Set([...ownKeys, ...units.flatMap(({ wanted }) => [...wanted.keys()])])]
  const steering = await openSteering(bench, recipes, keys)
  const saes = saesOf(bench)
  const jobs: Job[] = [
    ...units.filter(({ generatedIds }) => generatedIds.length > 0).map((unit) => jobOf(unit, ownKeys)),
    ...given.map((text): Job => {
      const row = { ids: [...text.other, ...text.ids], promptLength: text.other.length, recipe: null, logprobs: true, encoded: [] }
      return { rows: [row], take: ([read]) => (text.mean = meanOf(read?.logprobs ?? [])) }
    })
  ]
  let done = 0
  for (const batch of batchesOf(jobs)) {
    task.progress('Measuring', done, jobs.length)
    const reads = await readTexts(
      steering,
      saes,
      batch.flatMap(({ rows }) => rows),
      task
    )
    let at = 0
    for (const { rows, take } of batch) take(reads.slice(at, (at += rows.length)))
    done += batch.length
  }
}

/** A text read unsteered, and steered beside it where something is edited and an SAE can see what that changes. */
function jobOf(unit: Unit, ownKeys: readonly string[]): Job {
  const { promptIds, generatedIds, recipe, wanted } = unit
  const text = { ids: [...promptIds, ...generatedIds], promptLength: promptIds.length }
  const compared = recipe === null ? [] : ownKeys
  const unsteered = { ...text, recipe: null, logprobs: true, encoded: [...new Set([...wanted.keys(), ...compared])] }
  const steered = compared.map((key) => ({ ...text, recipe, logprobs: false, encoded: [key] }))
  return {
    rows: [unsteered, ...steered],
    take([before, after]) {
      unit.logprobs = before?.logprobs ?? []
      for (const [key, latents] of wanted) takeMeans(unit, key, latents, before?.means.get(key))
      const [plain, edited] = [before?.means.get(OWN), after?.means.get(OWN)]
      if (plain && edited) unit.changed = changedLatents(plain.mean, edited.mean)
    }
  }
}

function takeMeans({ activations, largest }: Unit, key: string, latents: ReadonlySet<number>, means: LatentMeans | undefined): void {
  assert(means, 'an SAE that is wanted has read the text')
  for (const latent of latents) activations.set(`${key} ${latent}`, means.mean[latent] ?? 0)
  largest.set(key, means.largest)
}

/** The promoted tokens of every latent that is scored by, by SAE and latent. */
async function promotedOf(
  { sessions, ...bench }: SteeringParts,
  latents: readonly (ConceptLatent | null)[],
  count: number
): Promise<Map<string, ReadonlySet<number>>> {
  const found = new Map<string, ReadonlySet<number>>()
  for (const [key, sae] of saesOf({ sessions, ...bench })) {
    const own = [...new Set(latents.flatMap((latent) => (latent?.key === key ? [latent.latent] : [])))]
    if (own.length === 0 || !seesTokens(sessions, sae)) continue
    for (const [latent, ids] of await promotedTokens(sessions, sae, own, count)) found.set(`${key} ${latent}`, new Set(ids))
  }
  return found
}

function conceptOf(
  latent: ConceptLatent | null,
  own: Unit,
  baseline: Unit,
  promoted: ReadonlyMap<string, ReadonlySet<number>>
): Omit<FoundConcept, 'matches'> {
  if (latent === null) return { promoted: null, activation: null }
  const name = `${latent.key} ${latent.latent}`
  const activation = {
    own: own.activations.get(name) ?? 0,
    baseline: baseline.activations.get(name) ?? 0,
    largest: baseline.largest.get(latent.key) ?? 0
  }
  return { promoted: promoted.get(name) ?? null, activation }
}

const keyOf = (prompt: readonly number[], ids: readonly number[]): string => `${prompt.join(' ')}|${ids.join(' ')}`

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
