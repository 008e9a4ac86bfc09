/** Numbers as text that is read back as the same number. */
import type { Cell, ColumnSpec } from './types'

/** A float32 needs at most nine significant digits, and is often said with six. */
const FLOAT32_DIGITS = [6, 7, 8, 9]

/**
 * The shortest of some decimal texts that is read back as the same number: a float32 as a float32, so 0.1 and not
 * 0.10000000149011612. "NaN", "Infinity" and "-Infinity" are written as such; -0 as "-0".
 */
export function numberText(value: number, type: 'int32' | 'float32' | 'float64'): string {
  if (Object.is(value, -0)) return '-0'
  if (type !== 'float32' || Number.isInteger(value) || !Number.isFinite(value)) return String(value)
  for (const digits of FLOAT32_DIGITS) {
    const text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) return text
  }
  return String(value)
}

/** A cell of text as a column's type has it; undefined where it is none. Empty text is null where the column allows it. */
export function cellOf({ type, nullable }: ColumnSpec, text: string): Cell | undefined {
  if (text === '' && nullable) return null
  if (type === 'string') return text
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : undefined
  const value = text === 'NaN' ? NaN : text.trim() === '' ? undefined : Number(text)
  if (value === undefined || (Number.isNaN(value) && text !== 'NaN')) return undefined
  if (type === 'int32') return (value | 0) === value ? value : undefined
  return type === 'float32' ? Math.fround(value) : value
}
