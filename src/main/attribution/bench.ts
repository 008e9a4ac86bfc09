/** What an attribution runs on: a model and an SAE, joined at a hook point. */
import { fail } from '../../shared/errors'
import { checkHook, checkReadable, emptyPast, isCacheEntry, pastPositions, positionsFrom, widthOf, type ModelSessions } from '../models'
import type { Model, SegmentSpec } from '../models/types'
import { allFinite, f32, floatsOf, i64 } from '../runtime'
import type { Feeds, OpenSession, Tensor } from '../runtime/types'
import type { Encoder } from '../saes'
import type { Sae } from '../saes/types'
import { createGradientSession, type GradientKind, type GradientSession } from './gradient-session'

/** A model's sessions and where they are cut. */
export interface Cut {
  readonly sessions: ModelSessions
  /** Where the model is cut, and what is written is written. */
  readonly hook: string
  /** Where the SAE reads: `hook` itself but for transcoders. */
  readonly reads: string
}

/** Made by `openBench`. The model's and the SAE's own sessions belong to whoever opened them. */
export interface Bench extends Cut {
  readonly encoder: Encoder
  /** Names and versions of what computes, for the record. */
  readonly versions: Readonly<Record<string, string>>
  /** The suffix with its backward pass; loaded at the first call for each kind. */
  gradient(kind: GradientKind): Promise<GradientSession>
  /** Frees the backward passes. */
  release(): Promise<void>
}

export interface BenchParts {
  readonly openSession: OpenSession
  readonly sessions: ModelSessions
  readonly encoder: Encoder
  /** The hook point; null takes the one the SAE's folder names. */
  readonly hook: string | null
  readonly versions: Readonly<Record<string, string>>
}

/** Checks that model, SAE and hook point belong together. @throws SAE_HOOK_MISSING, HOOK_UNKNOWN, SAE_MODEL_MISMATCH */
export function openBench({ openSession, sessions, encoder, hook: asked, versions }: BenchParts): Bench {
  const { model, requested } = sessions
  const { sae } = encoder
  const named = sae.hookOut ?? sae.hook
  const hook = checkHook(model, asked ?? named ?? fail('SAE_HOOK_MISSING', { path: sae.folder }))
  const reads = sae.hookOut === null ? hook : checkReadable(model, sae.hook ?? fail('SAE_HOOK_MISSING', { path: sae.folder }))
  checkWidth(model, sae, reads, sae.d_in)
  checkWidth(model, sae, hook, sae.d_out)
  const opened = new Map<string, Promise<GradientSession>>()
  return {
    sessions,
    encoder,
    hook,
    reads,
    versions,
    gradient(kind) {
      const key = JSON.stringify([kind.reading, kind.frozen.attention, kind.frozen.norms, kind.direct])
      const known = opened.get(key)
      if (known) return known
      const opening = createGradientSession(openSession, model, hook, kind, requested)
      opened.set(key, opening)
      // A load that failed (no memory, say) may succeed later: it is not remembered.
      opening.catch(() => opened.delete(key))
      return opening
    },
    async release() {
      const all = await Promise.allSettled(opened.values())
      opened.clear()
      for (const session of all) if (session.status === 'fulfilled') await session.value.release()
    }
  }
}

function checkWidth(model: Model, sae: Sae, hook: string, width: number): void {
  const found = widthOf(model.config, hook)
  if (width !== found) fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: width, hook, model: model.name, d_model: found })
}

/** What a model holds at a hook point for one prompt. */
export interface HookValues {
  /** [positions, width] */
  readonly value: Float32Array
  /** Off the residual stream: the stream beside it, [positions, d_model]; null on it. */
  readonly beside: Float32Array | null
  /** What an SAE reads there: `value`, or for a transcoder the value where it reads, [positions, d_in]. */
  readonly input: Float32Array
}

/** The model's own hook values for one prompt. @throws NUMBERS_NOT_FINITE */
export async function hookValues(cut: Cut, ids: readonly number[]): Promise<HookValues> {
  const [values] = await hookValuesOf(cut, [ids])
  return values ?? fail('PROMPT_EMPTY')
}

/**
 * The same for several prompts in one run. Shorter ones are padded at their ends, which a causal model's earlier positions do not see.
 * @throws NUMBERS_NOT_FINITE
 */
export async function hookValuesOf({ sessions, hook, reads }: Cut, prompts: readonly (readonly number[])[]): Promise<HookValues[]> {
  const spec = { from: 'tokens', to: hook, cache: true, ...(reads === hook ? {} : { also: reads }) }
  const longest = Math.max(...prompts.map(({ length }) => length))
  const tokens = prompts.flatMap((ids) => [...ids, ...new Array<number>(longest - ids.length).fill(0)])
  const outputs = await runFromStart(sessions, spec, prompts.length, longest, { tokens: i64([prompts.length, longest], tokens) })
  const rows = (name: string): Float32Array[] => {
    const all = floatsOf(outputs, name)
    const width = all.length / prompts.length / longest
    return prompts.map(({ length }, row) => all.subarray(row * longest * width, (row * longest + length) * width))
  }
  const value = rows('hook')
  const beside = outputs.beside ? rows('beside') : null
  const input = outputs.also ? rows('also') : value
  const finite = [...new Set([value, beside ?? [], input])].every((all) => all.every(allFinite))
  if (!finite) fail('NUMBERS_NOT_FINITE', { doing: 'reading the prompt' })
  return prompts.map((_, row) => ({
    value: value[row] ?? new Float32Array(),
    beside: beside?.[row] ?? null,
    input: input[row] ?? new Float32Array()
  }))
}

/**
 * Logits after the last position, [d_vocab] for each row of hook values `values` [rows, positions, width]; `beside` is the one prompt's
 * residual stream, [positions, d_model], where the hook point lies off it. @throws NUMBERS_NOT_FINITE
 */
export async function suffixLogits(cut: Cut, rows: number, values: Float32Array, beside: Float32Array | null): Promise<Float32Array[]> {
  const { config } = cut.sessions.model
  const positions = values.length / rows / widthOf(config, cut.hook)
  const logits = await suffixLogitsAt(cut, rows, values, beside, [positions - 1])
  return Array.from({ length: rows }, (_, row) => logits.subarray(row * config.d_vocab, (row + 1) * config.d_vocab))
}

/** The same after any positions: [rows, select.length, d_vocab]. @throws NUMBERS_NOT_FINITE */
export async function suffixLogitsAt(
  { sessions, hook }: Cut,
  rows: number,
  values: Float32Array,
  beside: Float32Array | null,
  select: readonly number[]
): Promise<Float32Array> {
  const { config } = sessions.model
  const { d_model } = config
  const width = widthOf(config, hook)
  const positions = values.length / rows / width
  const feeds = {
    hook: f32([rows, positions, width], values),
    ...(beside ? { beside: f32([rows, positions, d_model], repeated(beside, rows)) } : {}),
    select: i64([select.length], select)
  }
  const logits = floatsOf(await runFromStart(sessions, { from: hook, to: 'logits', cache: true }, rows, positions, feeds), 'logits')
  if (!allFinite(logits)) fail('NUMBERS_NOT_FINITE', { doing: 'running the rest of the model' })
  return logits
}

function repeated(values: Float32Array, times: number): Float32Array {
  if (times === 1) return values
  const out = new Float32Array(values.length * times)
  for (let row = 0; row < times; row++) out.set(values, row * values.length)
  return out
}

/**
 * Runs `rows` texts of `positions` tokens from position 0. The segments have a cache, so that they are the sessions generation uses
 * too and a hook point costs two beside the backward pass; here the cache is empty, and what it would hold afterwards is not read.
 */
async function runFromStart(
  sessions: ModelSessions,
  spec: SegmentSpec,
  rows: number,
  positions: number,
  feeds: Feeds
): Promise<Record<string, Tensor>> {
  const session = await sessions.segment(spec)
  const { graph, layers } = sessions.layout(spec)
  // Without attention left after the hook point, pruning has taken the positions away.
  const placed: Feeds = graph.inputs.some(({ name }) => name === 'positions')
    ? { positions: positionsFrom(0, positions), past_positions: pastPositions(0) }
    : {}
  const wanted = [...graph.outputs.keys()].filter((name) => !isCacheEntry(name))
  return session.run({ ...feeds, ...placed, ...emptyPast(sessions.model, layers, rows) }, wanted)
}
