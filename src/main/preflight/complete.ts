/** Fills in what an SAE's files leave open and nothing can run without: its hook point and its scale, both told by the numbers. */
import { fail } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import { breathe, type Task } from '../../shared/task'
import { canonicalHook, widthOf } from '../models'
import { createEncoder } from '../saes'
import type { Sae } from '../saes/types'
import { fitOfWindows, type WindowValues } from './fit'
import { observe } from './observe'
import { scaleOf } from './reader'
import type { PreflightParts } from './types'
import { windowsOf } from './windows'

export interface Completed {
  readonly sae: Sae
  readonly reading: SaeReading
  /** What was filled in, in words; null when nothing had to be. */
  readonly chosen: { readonly words: string } | null
}

/** Windows on which hook points are compared: every hook point of the model is tried. */
const WINDOWS = 2

/** @throws SAE_HOOK_MISSING where no hook point is as wide as the SAE; rejects with Cancelled */
export async function complete(parts: PreflightParts, task: Task): Promise<Completed> {
  const sae = await parts.openSae(parts.reading)
  const named = parts.hook ?? sae.hookOut ?? sae.hook
  const needsScale = sae.openQuestions.includes('scale') && parts.reading.scale === undefined
  if (named !== null && !needsScale) return { sae, reading: parts.reading, chosen: null }
  const { sessions, openSession } = parts
  const { model } = sessions
  const places = named === null ? everyHook(parts, sae) : [canonicalHook(sae.hook ?? named)]
  const windows = windowsOf(model, parts.text, sae.prependBos).slice(0, WINDOWS)
  const values = await observe(openSession, sessions, windows, places)
  const words: string[] = []
  let best: { reading: SaeReading; sae: Sae; fvu: number } | null = null
  for (const [index, hook] of places.entries()) {
    await breathe(task)
    task.progress('Looking for the hook point', index, places.length)
    const here = values.get(hook) ?? []
    const reading = { ...parts.reading, ...(named === null ? { hook } : {}), ...(needsScale ? { scale: scaleOf(here, sae.d_in) } : {}) }
    const read = await parts.openSae(reading)
    const fvu = places.length === 1 ? 0 : await fvuAt(parts, read, here)
    if (best === null || fvu < best.fvu) best = { reading, sae: read, fvu }
  }
  if (best === null) return fail('SAE_HOOK_MISSING', { path: sae.path })
  if (named === null) words.push(`Its files name no hook point; it describes ${best.reading.hook ?? ''} best`)
  if (needsScale) words.push(`its scale, which its files do not hold, is estimated as ${best.reading.scale?.toPrecision(4) ?? ''}`)
  const [first = '', ...more] = words
  return { sae: best.sae, reading: best.reading, chosen: { words: [first.charAt(0).toUpperCase() + first.slice(1), ...more].join('; ') } }
}

async function fvuAt({ openSession, sessions }: PreflightParts, sae: Sae, windows: readonly WindowValues[]): Promise<number> {
  const encoder = await createEncoder(openSession, sae, sessions.requested)
  try {
    return (await fitOfWindows(encoder, windows)).fvu
  } finally {
    await encoder.release()
  }
}

function everyHook({ sessions }: PreflightParts, sae: Sae): string[] {
  const { architecture, config, rawConfig } = sessions.model
  const points = architecture.hookPoints(config, rawConfig).map(canonicalHook)
  return [...new Set(points)].filter((hook) => widthOf(config, hook) === sae.d_in)
}
