/** Preflights as the window keeps them. */
import type { SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import { formatNumber, formatShare } from './format'

/** What a preflight is known by: the files of both, and how the SAE is read. */
export function pairKey(model: { readonly hash: string }, sae: { readonly hash: string }, reading: SaeReading): string {
  const choices = Object.entries(reading).filter(([, value]) => value !== undefined)
  return JSON.stringify([model.hash, sae.hash, choices.sort(([a], [b]) => a.localeCompare(b))])
}

const READING: { readonly [K in keyof SaeReading]-?: (value: NonNullable<SaeReading[K]>) => string } = {
  format: (format) => `as ${format}`,
  hook: (hook) => `at ${hook}`,
  hookOut: (hook) => `writing at ${hook}`,
  centred: (centred) => (centred ? 'centred' : 'not centred'),
  prependBos: (bos) => (bos ? 'trained with BOS' : 'trained without BOS'),
  subtractDecoderBias: (subtract) => (subtract ? 'b_dec subtracted' : 'b_dec not subtracted'),
  scale: (scale) => `activations times ${formatNumber(scale, 4)}`,
  transposedDecoder: (swapped) => (swapped ? 'W_dec the other way round' : 'W_dec as its format says'),
  transposedSkip: (swapped) => (swapped ? 'W_skip the other way round' : 'W_skip as its format says'),
  k: (k) => `k ${k}`,
  gate: (gate) => `the ${gate} gate`
}

/** A reading in words: "centred, activations times 0.3200"; "as its files say" where it chooses nothing. */
export function readingWords(reading: SaeReading): string {
  const words = [
    said(READING.format, reading.format),
    said(READING.hook, reading.hook),
    said(READING.hookOut, reading.hookOut),
    said(READING.centred, reading.centred),
    said(READING.prependBos, reading.prependBos),
    said(READING.subtractDecoderBias, reading.subtractDecoderBias),
    said(READING.scale, reading.scale),
    said(READING.transposedDecoder, reading.transposedDecoder),
    said(READING.transposedSkip, reading.transposedSkip),
    said(READING.k, reading.k),
    said(READING.gate, reading.gate)
  ].filter((each) => each !== null)
  return words.length === 0 ? 'as its files say' : words.join(', ')
}

function said<T>(words: (value: T) => string, value: T | undefined): string | null {
  return value === undefined ? null : words(value)
}

/**
 * What is known of a pair, in words with its numbers; `reading` is the one in use, to say when the preflight looked at another.
 * "not made" for null.
 */
export function preflightWords(preflight: PreflightSummary | null, reading: SaeReading): string {
  if (preflight === null) return 'not made'
  const { verdict, fvu, l0, recovered, createdAt } = preflight
  const numbers = `FVU ${formatNumber(fvu)}, L0 ${formatNumber(l0)}, ${formatShare(recovered)} of the cross-entropy recovered`
  const same = sameReading(preflight.reading, reading)
  return `${verdict}, ${numbers} (made on ${createdAt.slice(0, 10)})${same ? '' : `; the SAE was read ${readingWords(preflight.reading)} then`}`
}

function sameReading(a: SaeReading, b: SaeReading): boolean {
  const pair = (reading: SaeReading): string => pairKey({ hash: '' }, { hash: '' }, reading)
  return pair(a) === pair(b)
}
