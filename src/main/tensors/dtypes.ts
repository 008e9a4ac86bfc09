/** Element types of the safetensors container, their sizes, and their exact conversion to float32. */

const SIZES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  C64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1
} as const

/** A dtype as the header spells it. Sub-byte types are not read. */
export type Dtype = keyof typeof SIZES

/** The types whose values can be read as numbers of a model or SAE. */
export const FLOAT_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const

export function isDtype(text: string): text is Dtype {
  return Object.hasOwn(SIZES, text)
}

/** Whether the values are numbers of a model or SAE. */
export function isFloat(dtype: Dtype): boolean {
  return FLOAT_DTYPES.some((known) => known === dtype)
}

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return SIZES[dtype]
}

/**
 * Little-endian bytes of a floating-point dtype as float32. F16 and BF16 are subsets of float32, so nothing is lost;
 * F64 is rounded to nearest. `bytes` must start at its buffer's offset 0 modulo the element size.
 */
export function toFloat32(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8))
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2))
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2))
    default:
      throw new TypeError(`${dtype} is not a floating-point type that is read`)
  }
}

/** The first element of little-endian bytes as a number, of any real type. 64-bit integers beyond 2^53 are rounded. */
export function numberOf(bytes: Buffer, dtype: Dtype): number {
  switch (dtype) {
    case 'F64':
      return bytes.readDoubleLE(0)
    case 'I64':
      return Number(bytes.readBigInt64LE(0))
    case 'I32':
      return bytes.readInt32LE(0)
    case 'I16':
      return bytes.readInt16LE(0)
    case 'I8':
      return bytes.readInt8(0)
    case 'U64':
      return Number(bytes.readBigUInt64LE(0))
    case 'U32':
      return bytes.readUInt32LE(0)
    case 'U16':
      return bytes.readUInt16LE(0)
    case 'U8':
    case 'BOOL':
      return bytes.readUInt8(0)
    default:
      return toFloat32(bytes, dtype)[0] ?? NaN
  }
}

let halves: Float32Array | null = null

/** IEEE 754 binary16 words as float32, exactly. */
export function float16ToFloat32(words: Uint16Array): Float32Array {
  const table = (halves ??= halfTable())
  const out = new Float32Array(words.length)
  for (let i = 0; i < words.length; i++) out[i] = table[words[i] ?? 0] ?? 0
  return out
}

/** Value of every binary16 word: (-1)^s 2^(e-15) (1 + m/1024), subnormal (-1)^s 2^-14 m/1024. */
function halfTable(): Float32Array {
  const table = new Float32Array(65536)
  for (let word = 0; word < 65536; word++) {
    const sign = word & 0x8000 ? -1 : 1
    const exponent = (word >> 10) & 31
    const mantissa = word & 1023
    if (exponent === 31) table[word] = mantissa === 0 ? sign * Infinity : NaN
    else table[word] = sign * (exponent === 0 ? 2 ** -24 * mantissa : 2 ** (exponent - 15) * (1 + mantissa / 1024))
  }
  return table
}

/** bfloat16 words (the upper half of a float32) as float32, exactly. */
export function bfloat16ToFloat32(words: Uint16Array): Float32Array {
  const bits = new Uint32Array(words.length)
  for (let i = 0; i < words.length; i++) bits[i] = (words[i] ?? 0) << 16
  return new Float32Array(bits.buffer)
}

/** float32 values rounded to nearest-even bfloat16 words. NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, (word) => {
    if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  })
}

/** float32 values rounded to nearest-even binary16 words. Too large becomes infinite, as IEEE 754 rounds. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
    const size = Math.abs(value)
    if (Number.isNaN(value)) return 0x7e00
    if (size >= 65520) return sign | 0x7c00
    const exponent = Math.max(Math.floor(Math.log2(size)), -14)
    // Units of the last place: 2^(exponent - 10). The sum carries into the exponent when the mantissa overflows.
    const units = roundHalfEven(size / 2 ** (exponent - 10))
    return size < 2 ** -14 ? sign | roundHalfEven(size * 2 ** 24) : sign | (((exponent + 14) << 10) + units)
  })
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
