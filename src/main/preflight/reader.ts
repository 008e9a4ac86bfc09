/** Measures an SAE under one reading after another on the same text: sessions and hook values are kept as long as they serve. */
import type { SaeReading } from '../../shared/records/model'
import { hookValues, type Bench } from '../attribution'
import { canonicalHook, layerOf, widthOf } from '../models'
import { createEncoder, type Encoder } from '../saes'
import type { Circumstances } from './causes'
import { fitOfWindows, type WindowsFit, type WindowValues } from './fit'
import { observe } from './observe'
import type { PreflightParts } from './types'
import { windowsOf } from './windows'

export interface Reader {
  measure(reading: SaeReading): Promise<WindowsFit | null>
  circumstances(reading: SaeReading): Promise<Circumstances>
  release(): Promise<void>
}

/** Neighbouring blocks whose hook points are tried too. */
const REACH = 1
const POSITIONS = 512

/** The hook points of all blocks are looked at if that takes no more than `affordable` multiplications, else of the neighbouring ones. */
export function createReader({ openSession, openSae, text }: PreflightParts, bench: Bench, affordable: number): Reader {
  const { sessions } = bench
  const { model } = sessions
  const hooks = candidates(bench, affordable)
  const values = new Map<boolean, Promise<Map<string, WindowValues[]>>>()
  let kept: { key: string; encoder: Encoder } | null = null

  /** Values at every candidate, with or without BOS. A transcoder's are those of its own two places. */
  const valuesOf = (prependBos: boolean): Promise<Map<string, WindowValues[]>> => {
    const known = values.get(prependBos)
    if (known) return known
    const windows = windowsOf(model, text, prependBos)
    const made = bench.reads === bench.hook ? observe(openSession, sessions, windows, hooks) : ownValues(windows)
    values.set(prependBos, made)
    return made
  }
  const ownValues = async (windows: readonly number[][]): Promise<Map<string, WindowValues[]>> => {
    const own: WindowValues[] = []
    for (const ids of windows) own.push({ ids, ...(await hookValues(bench, ids)) })
    return new Map([[bench.hook, own]])
  }
  /** Readings that differ in place or text alone share the encoder. */
  const encoderFor = async (reading: SaeReading): Promise<Encoder> => {
    const { hook: _hook, prependBos: _bos, ...rest } = reading
    const key = JSON.stringify(rest)
    if (kept?.key === key) return kept.encoder
    await kept?.encoder.release()
    kept = null
    const encoder = await createEncoder(openSession, await openSae(reading), sessions.requested)
    kept = { key, encoder }
    return encoder
  }
  const hookOf = (reading: SaeReading): string => canonicalHook(reading.hook ?? bench.hook)

  return {
    async measure(reading) {
      const sae = await openSae(reading)
      const windows = (await valuesOf(sae.prependBos)).get(hookOf(reading))
      return windows ? fitOfWindows(await encoderFor(reading), windows) : null
    },
    async circumstances(reading) {
      const sae = await openSae(reading)
      const hook = hookOf(reading)
      const windows = (await valuesOf(sae.prependBos)).get(hook) ?? []
      return { model, sae, hook, scale: scaleOf(windows, sae.d_in), hooks: hooks.filter((each) => each !== hook) }
    },
    async release() {
      await kept?.encoder.release()
    }
  }
}

/** Hook points as wide as the SAE in its block and others, each place once; its own among them. */
function candidates({ sessions, hook, encoder }: Bench, affordable: number): string[] {
  const { architecture, config } = sessions.model
  const own = canonicalHook(hook)
  const { d_in, d_sae } = encoder.sae
  const fitting = architecture
    .hookPoints(config, sessions.model.rawConfig)
    .map(canonicalHook)
    .filter((each) => widthOf(config, each) === d_in)
  const near = fitting.filter((each) => Math.abs(layerOf(each) - layerOf(own)) <= REACH)
  const all = fitting.length * POSITIONS * d_in * d_sae < affordable
  return [...new Set([own, ...(all ? fitting : near)])]
}

/** sqrt(d_in) over the mean norm of what is read, without the windows' first positions. */
export function scaleOf(windows: readonly WindowValues[], d_in: number): number {
  let [sum, count] = [0, 0]
  for (const { ids, input } of windows) {
    for (let position = 1; position < ids.length; position++) {
      sum += Math.hypot(...input.subarray(position * d_in, (position + 1) * d_in))
      count++
    }
  }
  return sum === 0 ? 1 : (Math.sqrt(d_in) * count) / sum
}
