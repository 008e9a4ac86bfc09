/** Reads GGUF's numbers, texts and typed values one after the other, and never beyond the header that was read. */

/** Texts of a key or a name are shorter; llama.cpp allows names of 64 bytes and keys of 65,535. */
const MAX_TEXT = 2 ** 20

export interface GgufCursor {
  u32(): number
  /** A uint64 that counts something: refused where it is more than a double holds exactly. */
  size(what: string): number
  text(what: string): string
  /** A type and a value of it, as text; null for a list, which is passed over. */
  value(key: string): string | null
  /** Bytes read so far, from the start of the file. */
  at(): number
}

/** Bytes of the fixed-size types, by their numbers: uint8, int8, uint16, int16, uint32, int32, float32, bool, -, -, uint64, int64, float64. */
const BYTES: readonly (number | null)[] = [1, 1, 2, 2, 4, 4, 4, 1, null, null, 8, 8, 8]
const TEXT = 8
const LIST = 9

/** `more` says whether the file goes on after `bytes`: what is missing then is too large rather than cut off. */
export function createGgufCursor(bytes: Buffer, start: number, more: boolean, refuse: (reason: string) => never): GgufCursor {
  let at = start

  const take = (count: number): number => {
    if (count > bytes.length - at)
      return refuse(
        more ? `its header is longer than the ${bytes.length} bytes that are read` : `it is cut off after ${bytes.length} bytes`
      )
    const from = at
    at += count
    return from
  }
  const u32 = (): number => bytes.readUInt32LE(take(4))
  const size = (what: string): number => {
    const value = bytes.readBigUInt64LE(take(8))
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : refuse(`the ${what} is ${value}, larger than any file`)
  }
  const text = (what: string): string => {
    const length = size(`length of the ${what}`)
    if (length > MAX_TEXT) return refuse(`the ${what} has ${length} bytes, more than the ${MAX_TEXT} that are read`)
    const from = take(length)
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, from + length))
    } catch {
      return refuse(`the ${what} is not UTF-8`)
    }
  }
  const number = (type: number): string => {
    const from = take(BYTES[type] ?? 0)
    const read: readonly (() => number | bigint | boolean)[] = [
      () => bytes.readUInt8(from),
      () => bytes.readInt8(from),
      () => bytes.readUInt16LE(from),
      () => bytes.readInt16LE(from),
      () => bytes.readUInt32LE(from),
      () => bytes.readInt32LE(from),
      () => bytes.readFloatLE(from),
      () => bytes.readUInt8(from) !== 0,
      () => 0,
      () => 0,
      () => bytes.readBigUInt64LE(from),
      () => bytes.readBigInt64LE(from),
      () => bytes.readDoubleLE(from)
    ]
    return String(read[type]?.())
  }
  const passList = (key: string): null => {
    const type = u32()
    const count = size(`length of the list ${key}`)
    const each = BYTES[type]
    if (typeof each === 'number') {
      // A count no file has room for would not be exact after the multiplication.
      take(Math.min(count, bytes.length + 1) * each)
      return null
    }
    if (type !== TEXT) return refuse(`the list "${key}" holds type ${type}, which is not known`)
    // Every text takes 8 bytes at least, so a count that is too large soon leaves the header.
    for (let i = 0; i < count; i++) {
      const length = size(`length of a text of ${key}`)
      take(Math.min(length, bytes.length + 1))
    }
    return null
  }

  return {
    u32,
    size,
    text,
    value(key) {
      const type = u32()
      if (type === TEXT) return text(`value of "${key}"`)
      if (type === LIST) return passList(key)
      return typeof BYTES[type] === 'number' ? number(type) : refuse(`the value of "${key}" has type ${type}, which is not known`)
    },
    at: () => at
  }
}
