/**
 * SentencePiece's compiled normalisation rules (nmt_nfkc and its kin): 4 bytes with the length of a double-array trie, the
 * trie (32-bit units, as in Darts-clone), then the replacements, each ended by a zero byte.
 */
import { bytesOfText } from './text'
import type { Change, Refuse } from './types'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A charsmap in base64, as tokenizer.json holds it. An empty one changes nothing. `longest` is SentencePiece's own way to
 * apply it: from left to right, always the longest entry that fits.
 */
export function charsmapOf(base64: unknown, longest: boolean, refuse: Refuse): Change {
  if (base64 === null || base64 === undefined) return (text) => text
  if (typeof base64 !== 'string') return refuse('its precompiled_charsmap is not text')
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length === 0) return (text) => text
  const damaged = (): never => refuse('its precompiled_charsmap is damaged')
  if (bytes.length < 4) return damaged()
  const size = bytes.readUInt32LE(0)
  if (size % 4 !== 0 || size === 0 || 4 + size > bytes.length) return damaged()
  const units = Uint32Array.from({ length: size / 4 }, (_, index) => bytes.readUInt32LE(4 + 4 * index))
  const replacements = bytes.subarray(4 + size)
  const replacementAt = (offset: number): string => {
    const end = replacements.indexOf(0, offset)
    return utf8.decode(replacements.subarray(offset, end < 0 ? undefined : end))
  }
  if (longest) return (text) => leftToRight(units, bytesOfText(text), replacementAt)
  return (text) =>
    byGrapheme(text, (part) => {
      const first = matches(units, bytesOfText(part), 0).next()
      return first.done ? null : replacementAt(first.value.offset)
    })
}

/**
 * As the crate spm_precompiled does it: a grapheme of fewer than 6 bytes is looked up as a whole; what is not found that
 * way is looked up character by character.
 */
function byGrapheme(text: string, lookUp: (part: string) => string | null): string {
  let changed = ''
  for (const { segment } of graphemes.segment(text)) {
    const whole = bytesOfText(segment).length < 6 ? lookUp(segment) : null
    if (whole !== null) changed += whole
    else for (const character of segment) changed += lookUp(character) ?? character
  }
  return changed
}

function leftToRight(units: Uint32Array, bytes: Uint8Array, replacementAt: (offset: number) => string): string {
  let changed = ''
  for (let at = 0; at < bytes.length; ) {
    let found: Match | null = null
    for (const match of matches(units, bytes, at)) found = match
    const next = found?.end ?? at + characterLength(bytes[at] ?? 0)
    changed += found ? replacementAt(found.offset) : utf8.decode(bytes.subarray(at, next))
    at = next
  }
  return changed
}

/** Bytes of a UTF-8 character from its first byte. */
const characterLength = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

interface Match {
  /** Where the entry ends in the bytes, and where its replacement begins. */
  readonly end: number
  readonly offset: number
}

/** The entries that `bytes` has from `start` on, the shortest first. Steps and fields of a unit as in Darts-clone. */
function* matches(units: Uint32Array, bytes: Uint8Array, start: number): Generator<Match, undefined> {
  const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6)
  let node = offsetOf(units[0] ?? 0)
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    node ^= byte
    const unit = units[node]
    if (byte === 0 || unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return
    node ^= offsetOf(unit)
    if ((unit >>> 8) & 1) {
      const leaf = units[node]
      if (leaf === undefined) return
      yield { end: at + 1, offset: leaf & 0x7fffffff }
    }
  }
}
