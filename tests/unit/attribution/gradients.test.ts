/**
 * Scores against what really happens when one latent's activation is changed. The derivative is a fourth-order central difference of
 * the target in the factor on the activation, f(h) = target with z -> (1 + h) z:
 *
 *   df/dh at 0  =  (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h
 *
 * Measured over all rows below, the disagreement falls with h^4 from h = 0.05 (up to 1e-1, where a random model bends strongly) to
 * h = 0.005 (at most 2e-4) and rises again below, where float32 logits round too coarsely. TOLERANCE is relative to the largest score.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { rankLatents, verifyLatents, type Bench, type Prepared } from '../../../src/main/attribution'
import { suffixLogits } from '../../../src/main/attribution/bench'
import { valueOf } from '../../../src/main/attribution/value'
import { decode } from '../../../src/main/saes'
import type { MethodName } from '../../../src/shared/records/ranking'
import { quietTask } from '../../../src/shared/task'
import { DEFAULT_SAE, openTestBench } from '../../support/benches'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { DEFAULT_MODEL, readTinyGolden, TINY_MODELS } from '../../support/models'
import { prepareRequest } from '../../support/prepared'
import { writeSae } from '../../support/random-sae'
import { rowName, SAE_ROWS } from '../../support/sae-rows'

const STEP = 0.005
/** The default model bends less and its logits, near 15, round more coarsely: its best step is larger. */
const DEFAULT_MODEL_STEP = 0.03
const TOLERANCE = 1e-3
const LATENTS = 2
/** Methods whose scores are sums of activation x gradient at the values written. */
const FIRST_ORDER = ['gradsae', 'attribution'] as const satisfies readonly MethodName[]

const folders: string[] = []
afterAll(() => Promise.all(folders.map(removeFolder)))

/** The target with the activation of `latent` multiplied by `factor`, at one position or (null) at all. */
async function targetAt(
  bench: Bench,
  prepared: Prepared,
  id: number,
  change: { latent: number; position: number | null },
  factor: number
): Promise<number> {
  const { active } = prepared
  const U = active.latents.length
  const u = active.latents.indexOf(change.latent)
  const Z = active.Z.map((z, index) => {
    const here = index % U === u && (change.position === null || Math.floor(index / U) === change.position)
    return here ? z * factor : z
  })
  const reconstruction = decode(active, Z)
  const values =
    prepared.substitution === 'reconstruction' ? reconstruction : reconstruction.map((y, index) => y + (active.error[index] ?? 0))
  const [logits] = await suffixLogits(bench, 1, values, prepared.own.beside)
  return valueOf(prepared.target.reading, prepared.plan.terms, [logits ?? new Float32Array()], [id])
}

async function slope(
  bench: Bench,
  prepared: Prepared,
  id: number,
  change: { latent: number; position: number | null },
  step: number
): Promise<number> {
  const at = (h: number): Promise<number> => targetAt(bench, prepared, id, change, 1 + h)
  const near = (await at(step)) - (await at(-step))
  const far = (await at(2 * step)) - (await at(-2 * step))
  return (8 * near - far) / (12 * step)
}

async function checkSlopes(bench: Bench, ids: number[], method: MethodName, target: { id: number } | null, step: number): Promise<void> {
  const request = { prompt: { ids }, method, target, includeSpecial: true }
  const ranking = await rankLatents(bench, request, quietTask())
  const prepared = await prepareRequest(bench, request)
  expect(ranking.identity.relativeGap).toBeLessThanOrEqual(1e-4)
  const { entries } = ranking
  const strongest = [...ranking.latents].sort((a, b) => Math.abs(b.signedSum) - Math.abs(a.signedSum)).slice(0, LATENTS)
  const largest = Math.abs(strongest[0]?.signedSum ?? NaN)
  expect(largest).toBeGreaterThan(0)
  for (const { latent, signedSum, score } of strongest) {
    const measured = await slope(bench, prepared, ranking.target.id, { latent, position: null }, step)
    expect(Math.abs(measured - signedSum)).toBeLessThan(TOLERANCE * largest)
    if (method === 'attribution') expect(score).toBe(signedSum)
  }
  // The strongest single pair: its own gradient, and what the rule makes of it.
  const effect = (entry: number): number => (entries.activation[entry] ?? 0) * (entries.gradient[entry] ?? 0)
  const best = Array.from(entries.latent, (_, entry) => entry).reduce((a, b) => (effect(b) > effect(a) ? b : a))
  const [latent, position] = [entries.latent[best] ?? -1, entries.position[best] ?? -1]
  const measured = await slope(bench, prepared, ranking.target.id, { latent, position }, step)
  expect(Math.abs(measured - effect(best))).toBeLessThan(TOLERANCE * Math.max(largest, effect(best)))
  const expected = method === 'gradsae' ? Math.max(measured, 0) / ids.length : measured
  expect(Math.abs(expected - (entries.score[best] ?? NaN))).toBeLessThan(TOLERANCE * Math.max(largest, effect(best)))
}

/** Zeroing in `verifyLatents` against a plain run with the latent's activations set to 0 before decoding. */
async function checkAblation(bench: Bench, ids: number[], method: MethodName, id: number): Promise<void> {
  const request = { prompt: { ids }, method, target: { id }, includeSpecial: true }
  const prepared = await prepareRequest(bench, request)
  const latents = [...prepared.active.latents].slice(0, 4)
  const estimates = latents.map((latent) => ({ latent, score: 0 }))
  const { effects } = await verifyLatents(bench, request, estimates, quietTask(), () => undefined)
  for (const { latent, exactEffect } of effects) {
    const change = { latent, position: null }
    const before = await targetAt(bench, prepared, id, change, 1)
    const after = await targetAt(bench, prepared, id, change, 0)
    // Both sides run the same float32 model on values that differ in their last bits.
    expect(Math.abs(exactEffect - (before - after))).toBeLessThan(2e-5)
  }
}

const HOOKS = ['blocks.0.hook_resid_mid', 'blocks.1.hook_resid_post', 'blocks.2.hook_resid_post']

/** Half of the rows for each model, dealt so that each meets every architecture and every normalisation (they change every four rows). */
const rowsOf = (model: number) =>
  SAE_ROWS.map((spec, index) => ({ spec, name: rowName(spec), hook: HOOKS[index % HOOKS.length] ?? '', index })).filter(
    ({ index }) => (index + Math.floor(index / 4)) % 2 === model
  )

describe.each(TINY_MODELS.map((model, index) => ({ model, rows: rowsOf(index) })))('$model', ({ model, rows }) => {
  it.each(rows)('scores are the slopes and exact effects the changes that $name at $hook really makes', async ({ spec, hook }) => {
    const folder = await temporaryFolderForFile()
    folders.push(folder)
    const bench = await openTestBench(model, await writeSae(folder, { ...spec, hook }))
    const { ids, target } = readTinyGolden(model)
    for (const method of FIRST_ORDER) {
      await checkSlopes(bench, ids, method, { id: target }, STEP)
      await checkAblation(bench, ids, method, target)
    }
  })
})

it.each(FIRST_ORDER)('on the default model %s scores are the slopes that scaling a latent really makes', async (method) => {
  const bench = await openTestBench(DEFAULT_MODEL, DEFAULT_SAE)
  const ids = bench.sessions.model.tokenizer.encode('Mia lost her red ball in the park. She felt very')
  await checkSlopes(bench, ids, method, null, DEFAULT_MODEL_STEP)
})
