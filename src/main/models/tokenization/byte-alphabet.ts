/**
 * The 256 characters that stand for bytes in byte-level vocabularies (bytes_to_unicode of GPT-2): printable Latin-1 bytes
 * stand for themselves, the other 68 are numbered upwards from U+0100.
 */
import { bytesOfText } from './text'

/** Byte -> character. */
export const CHARACTER_OF: readonly string[] = alphabet()
/** Character -> byte. */
export const BYTE_OF: ReadonlyMap<string, number> = new Map(CHARACTER_OF.map((character, byte) => [character, byte]))

/** A text's bytes, each as its character. */
export function spellBytes(text: string): string {
  let spelt = ''
  for (const byte of bytesOfText(text)) spelt += CHARACTER_OF[byte] ?? ''
  return spelt
}

function alphabet(): string[] {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++))
}
