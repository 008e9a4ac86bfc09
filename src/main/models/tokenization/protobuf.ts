/** Protocol buffers on the wire: the fields of one message, in their order. */
import type { Refuse } from './types'

export type Field = { readonly number: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'other' }
)

const FIELDS = 2 ** 22

/**
 * Reads one message; messages inside it stay bytes. Varints up to 2^53 are exact; larger ones (negative numbers) are given
 * as 2^53.
 * @throws what `refuse` throws, for bytes that are no message
 */
export function fieldsOf(bytes: Uint8Array, refuse: Refuse): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Field[] = []
  const damaged = (): never => refuse('it is not a SentencePiece model, or it is damaged')
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++] ?? damaged()
      value += (byte & 0x7f) * 2 ** (7 * shift)
      if (byte < 0x80) return Math.min(value, Number.MAX_SAFE_INTEGER + 1)
    }
    return damaged()
  }
  const taken = (length: number): number => {
    if (length > bytes.length - at) return damaged()
    at += length
    return at - length
  }
  while (at < bytes.length) {
    if (fields.length >= FIELDS) return damaged()
    const key = varint()
    const [number, wire] = [Math.floor(key / 8), key % 8]
    if (number === 0) return damaged()
    if (wire === 0) fields.push({ number, kind: 'number', value: varint() })
    else if (wire === 1) {
      taken(8)
      fields.push({ number, kind: 'other' })
    } else if (wire === 5) fields.push({ number, kind: 'float', value: view.getFloat32(taken(4), true) })
    else if (wire === 2) {
      const length = varint()
      const start = taken(length)
      fields.push({ number, kind: 'bytes', value: bytes.subarray(start, start + length) })
    } else return damaged()
  }
  return fields
}
