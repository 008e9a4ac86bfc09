/** What an attribution runs on: a model and an SAE, joined at a hook point. */
import { fail } from '../../shared/errors'
import type { TargetInput } from '../../shared/records/ranking'
import { buildSegment, checkHook, emptyPast, positionsFrom, type ModelSessions } from '../models'
import type { Model, Segment, SegmentSpec } from '../models/types'
import { f32, floatsOf, i64 } from '../runtime'
import type { Feeds, OpenSession } from '../runtime/types'
import type { Encoder } from '../saes'
import { createGradientSession, type GradientSession } from './gradient-session'
import type { Target } from './types'

/** A model's sessions and where they are cut. */
export interface Cut {
  readonly sessions: ModelSessions
  readonly hook: string
}

/** Runs `rows` texts of `positions` tokens each; `feeds` are the segment's own inputs. Returns its one float32 output. */
type RunFromStart = (rows: number, positions: number, feeds: Feeds) => Promise<Float32Array>

/** Made by `openBench`. The model's and the SAE's own sessions belong to whoever opened them. */
export interface Bench extends Cut {
  readonly encoder: Encoder
  /** Names and versions of what computes, for the record. */
  readonly versions: Readonly<Record<string, string>>
  /** Model up to the hook point, and on from there: the sessions that generation uses too. */
  readonly prefix: RunFromStart
  readonly suffix: RunFromStart
  /** The suffix with its backward pass; loaded at the first call for each kind of target. */
  gradient(target: Target): Promise<GradientSession>
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
  const hook = checkHook(model, asked ?? sae.hook ?? fail('SAE_HOOK_MISSING', { path: sae.folder }))
  const { d_model } = model.config
  if (sae.d_in !== d_model) fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: sae.d_in, hook, model: model.name, d_model })
  const opened = new Map<string, Promise<GradientSession>>()
  return {
    sessions,
    encoder,
    hook,
    versions,
    prefix: fromStart(sessions, { from: 'tokens', to: hook, cache: true }, 'resid'),
    suffix: fromStart(sessions, { from: hook, to: 'logits', cache: true }, 'logits'),
    gradient(target) {
      const known = opened.get(target.kind)
      if (known) return known
      const opening = createGradientSession(openSession, model, hook, target, requested)
      opened.set(target.kind, opening)
      // A load that failed (no memory, say) may succeed later: it is not remembered.
      opening.catch(() => opened.delete(target.kind))
      return opening
    },
    async release() {
      const all = await Promise.allSettled(opened.values())
      opened.clear()
      for (const session of all) if (session.status === 'fulfilled') await session.value.release()
    }
  }
}

/**
 * The chosen token's id; null stands for the greedy one.
 * @throws TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS
 */
export function targetId(model: Model, target: TargetInput): number | null {
  if (target === null) return null
  const { d_vocab } = model.config
  if ('id' in target) return target.id >= 0 && target.id < d_vocab ? target.id : fail('TOKEN_UNKNOWN', { id: target.id, last: d_vocab - 1 })
  if (target.text === '') fail('TARGET_EMPTY')
  const ids = model.tokenizer.encodeRaw(target.text)
  const [id] = ids
  if (id === undefined) return fail('TARGET_EMPTY')
  if (ids.length === 1) return id
  const pieces = ids.map((piece) => shown(model, piece)).join(', ')
  return fail('TARGET_SEVERAL_TOKENS', { text: target.text, count: ids.length, pieces })
}

function shown(model: Model, id: number): string {
  const { text, hex } = model.tokenizer.token(id)
  return hex === undefined ? JSON.stringify(text) : `bytes ${hex}`
}

/** The model's own hook values for one prompt, [positions, d_model]. @throws NUMBERS_NOT_FINITE */
export async function hookValues({ sessions, hook }: Cut, ids: readonly number[]): Promise<Float32Array> {
  const tokens = i64([1, ids.length], ids)
  const outputs = await runFromStart(sessions, { from: 'tokens', to: hook, cache: true }, 1, ids.length, { tokens })
  const resid = floatsOf(outputs, 'resid')
  if (!resid.every(Number.isFinite)) fail('NUMBERS_NOT_FINITE', { doing: 'reading the prompt' })
  return resid
}

/** Logits after the last position, [d_vocab] for each row of hook values [rows, positions, d_model]. @throws NUMBERS_NOT_FINITE */
export async function suffixLogits({ sessions, hook }: Cut, rows: number, values: Float32Array): Promise<Float32Array[]> {
  const { d_model, d_vocab } = sessions.model.config
  const positions = values.length / rows / d_model
  const logits = await suffix(rows, positions, { resid: f32([rows, positions, d_model], values), select: i64([1], [positions - 1]) })
  if (!logits.every(Number.isFinite)) fail('NUMBERS_NOT_FINITE', { doing: 'running the rest of the model' })
  return Array.from({ length: rows }, (_, row) => logits.subarray(row * d_vocab, (row + 1) * d_vocab))
}

/**
 * A segment as a function that starts at position 0 and returns one output. It has a cache, so that it is the session generation uses
 * too and a hook point costs two sessions beside the backward pass; here the cache is empty and what it would hold is not read.
 */
function fromStart(sessions: ModelSessions, spec: SegmentSpec, output: string): RunFromStart {
  let layout: Segment | null = null
  return async (rows, positions, feeds) => {
    const session = await sessions.segment(spec)
    layout ??= buildSegment(sessions.model, spec)
    const placed: Feeds = layout.graph.inputs.some(({ name }) => name === 'positions') ? { positions: positionsFrom(0, positions) } : {}
    const outputs = await session.run({ ...feeds, ...placed, ...emptyPast(sessions.model, layout.layers, rows) }, [output])
    return floatsOf(outputs, output)
  }
}
