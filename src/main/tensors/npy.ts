/**
 * The npy header (numpy.lib.format, versions 1 to 3): magic, version, header length, a Python dict literal with exactly `descr`,
 * `fortran_order` and `shape`. It is parsed with a grammar of its own; nothing is evaluated, and arrays of Python objects, which
 * would need unpickling, are not read.
 */
import type { Dtype } from './dtypes'
import { countOf, MAX_AXES } from './layout'
import type { Refuse } from './zip'

/** Longest header that is read; NumPy itself stops at 10,000 characters. */
export const MAX_NPY_HEADER = 2 ** 16

const MAGIC = Buffer.from('\x93NUMPY', 'latin1')

export interface NpyHeader {
  /** The type, or null for one that is not read; `descr` is how the file spells it. */
  readonly dtype: Dtype | null
  readonly descr: string
  readonly shape: readonly number[]
  readonly fortran: boolean
  readonly bigEndian: boolean
  /** Bytes before the first element. */
  readonly length: number
}

/** Whether `start`, the first bytes of a file, begin an npy file. */
export function isNpy(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC)
}

/** Bytes that the header takes, as the first 12 say; NaN where it begins otherwise. */
export function npyHeaderLength(start: Buffer): number {
  if (!isNpy(start) || start.length < 12) return NaN
  return start[6] === 1 ? 10 + start.readUInt16LE(8) : 12 + start.readUInt32LE(8)
}

/**
 * Reads the header from the first bytes of an npy file (all of it, or MAX_NPY_HEADER).
 * @throws what `refuse` throws
 */
export function parseNpy(start: Buffer, refuse: Refuse): NpyHeader {
  const length = npyHeaderLength(start)
  if (Number.isNaN(length)) return refuse('it does not begin with the npy signature')
  const version = start[6] ?? 0
  if (version < 1 || version > 3) return refuse(`its npy version ${version} is not known`)
  if (length > MAX_NPY_HEADER) return refuse(`its header claims ${length} bytes, more than the ${MAX_NPY_HEADER} that are read`)
  if (length > start.length) return refuse(`its header claims ${length} bytes, but only ${start.length} are there`)
  const text = start.toString(version === 3 ? 'utf8' : 'latin1', version === 1 ? 10 : 12, length)
  const { descr, fortran_order: fortran, shape } = parseDict(text, refuse)
  if (typeof fortran !== 'boolean' || !Array.isArray(shape)) return refuse('its header is not the one NumPy writes')
  if (shape.length > MAX_AXES) return refuse(`it has ${shape.length} axes, more than the ${MAX_AXES} that are read`)
  if (!Number.isSafeInteger(countOf(shape) * 16)) return refuse('it claims to be larger than any file')
  if (descr === undefined || typeof descr !== 'string') return { dtype: null, descr: 'records', shape, fortran, bigEndian: false, length }
  return { ...readDescr(descr), descr, shape, fortran, length }
}

const KINDS: Readonly<Record<string, Dtype>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  b1: 'BOOL',
  c8: 'C64'
}

/**
 * `<f4` and the like. bfloat16 has no letter: the ml_dtypes package (JAX) writes it as `<V2`, little-endian raw bytes of two, and no
 * other two-byte type of it exists. `|V2`, which any raw bytes are called, is not guessed at.
 */
function readDescr(descr: string): { dtype: Dtype | null; bigEndian: boolean } {
  if (descr === '<V2') return { dtype: 'BF16', bigEndian: false }
  const [, order, kind = ''] = /^([<>|])([a-z]\d)$/.exec(descr) ?? []
  const dtype = Object.hasOwn(KINDS, kind) ? (KINDS[kind] ?? null) : null
  // Swapping the bytes of a complex number would swap its parts, too.
  if (order === undefined || (order === '|' && !kind.endsWith('1')) || (order === '>' && dtype === 'C64'))
    return { dtype: null, bigEndian: false }
  return { dtype, bigEndian: order === '>' && !kind.endsWith('1') }
}

type Literal = string | boolean | number[] | undefined

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`; a descr that is a list (records) is undefined. */
function parseDict(text: string, refuse: Refuse): Record<'descr' | 'fortran_order' | 'shape', Literal> {
  const malformed = (): never => refuse('its header is not the one NumPy writes')
  const body = /^\{(.*)\}[ ]*\n?$/s.exec(text)?.[1] ?? malformed()
  const found: Partial<Record<string, Literal>> = {}
  const field = /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\sL,]*)\)|(\[[^\]]*\]))\s*(,|$)\s*/y
  while (field.lastIndex < body.length) {
    const match = field.exec(body) ?? malformed()
    const [, , key = '', , string, truth, tuple] = match
    if (Object.hasOwn(found, key)) malformed()
    found[key] = tuple === undefined ? (truth === undefined ? string : truth === 'True') : parseTuple(tuple, malformed)
    if (match[8] === '' && field.lastIndex < body.length) malformed()
  }
  const { descr, fortran_order, shape } = found
  if (Object.keys(found).length !== 3) malformed()
  return { descr, fortran_order, shape }
}

/** `2, 3` or `2,` or nothing; Python 2 wrote an L after long numbers. */
function parseTuple(text: string, malformed: () => never): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.at(-1) === '') parts.pop()
  return parts.map((part) => {
    if (!/^\d{1,16}L?$/.test(part)) return malformed()
    const value = Number.parseInt(part, 10)
    return Number.isSafeInteger(value) ? value : malformed()
  })
}
