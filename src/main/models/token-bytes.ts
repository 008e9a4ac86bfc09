/**
 * What bytes a token stands for, from its vocabulary alone. Three spellings exist:
 * - byte-level (GPT-2 and later): every byte is one character of a 256-character alphabet;
 * - byte fallback (SentencePiece): "<0xE2>" is the byte E2;
 * - metaspace (SentencePiece): "▁" is a space.
 */
import { BYTE_OF } from './tokenization/byte-alphabet'

/** How one tokenizer spells bytes in its vocabulary. */
export interface Spelling {
  readonly byteLevel: boolean
  readonly byteFallback: boolean
  /** The character that stands for a space, or null. */
  readonly metaspace: string | null
}

/** A byte's own piece, as SentencePiece spells it. */
export const BYTE_PIECE = /^<0x([0-9A-Fa-f]{2})>$/

const utf8 = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes of a vocabulary entry. Characters outside the byte alphabet stand for themselves. */
export function bytesOf(entry: string, spelling: Spelling): Uint8Array {
  if (spelling.byteLevel) return byteLevel(entry)
  const fallback = spelling.byteFallback ? BYTE_PIECE.exec(entry) : null
  if (fallback?.[1] !== undefined) return Uint8Array.of(parseInt(fallback[1], 16))
  return utf8.encode(spelling.metaspace === null ? entry : entry.replaceAll(spelling.metaspace, ' '))
}

/** Text of bytes, or null when they are not valid UTF-8 by themselves: a fragment of a character. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}

/** Bytes as "e2 80 94". */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

function byteLevel(entry: string): Uint8Array {
  const bytes: number[] = []
  for (const character of entry) {
    const byte = BYTE_OF.get(character)
    if (byte === undefined) bytes.push(...utf8.encode(character))
    else bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}
