/** Numbers and times as people read them: significant digits, a real minus sign, never 0.000 for a non-zero value. */

const MINUS = '\u2212'
const FIGURE_SPACE = '\u2007'
const POINT_SPACE = '\u2008'

/** `value` with `digits` significant digits; exponents only below 1e-4 and from 1e6. NaN and infinities are named. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return '\u2013'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '\u221e' : `${MINUS}\u221e`
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text = size < 1e-4 || size >= 1e6 ? shortExponent(size, digits) : plain(size, digits)
  return value < 0 ? MINUS + text : text
}

/** Like `formatNumber`, with a plus sign on positive values. */
export function formatSigned(value: number | null | undefined, digits = 3): string {
  const text = formatNumber(value, digits)
  return typeof value === 'number' && value > 0 ? `+${text}` : text
}

/** A share of one as percent: 0.2714 -> "27.1 %". */
export function formatShare(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? '\u2013' : `${formatNumber(value * 100, digits)}\u00a0%`
}

/** Integers with thin group spaces: 24576 -> "24 576" (groups from five digits on). */
export function formatCount(value: number): string {
  const text = String(Math.round(Math.abs(value)))
  const grouped = text.length < 5 ? text : text.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  return value < 0 ? MINUS + grouped : grouped
}

/** Bytes in decimal units: 1234567 -> "1.23 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${formatNumber(bytes / 1000 ** power, 3)}\u00a0${units[power] ?? 'B'}`
}

/** Milliseconds as the largest sensible unit: 840 -> "840 ms", 12300 -> "12.3 s", 200000 -> "3 min 20 s". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}\u00a0ms`
  if (milliseconds < 60_000) return `${formatNumber(milliseconds / 1000, 3)}\u00a0s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}\u00a0min ${seconds % 60}\u00a0s`
}

/** ISO time as local "10:41" today, else "2026-11-22 10:41". */
export function formatTime(iso: string, now = new Date()): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return ''
  const two = (part: number): string => String(part).padStart(2, '0')
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`
  if (time.toDateString() === now.toDateString()) return clock
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`
}

/** First eight hex digits of "sha256:...". */
export function shortHash(hash: string): string {
  return hash.replace(/^sha256:/, '').slice(0, 8)
}

/** "1 latent", "2 latents". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** Pads formatted numbers of one column with figure spaces, so that right-aligned decimal points line up. */
export function alignDecimals(texts: readonly string[]): string[] {
  const lengths = texts.map(fractionLength)
  const longest = Math.max(0, ...lengths)
  return texts.map((text, index) => padFraction(text, lengths[index] ?? 0, longest))
}

/** One formatted number padded to `longest` characters after the point (the point counts). */
export function alignDecimal(text: string, longest: number): string {
  return padFraction(text, fractionLength(text), longest)
}

/** Characters from the decimal point on, the point included; 0 without one. */
export function fractionLength(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point
}

function padFraction(text: string, length: number, longest: number): string {
  const missing = longest - length
  if (missing <= 0) return text
  return length === 0 ? text + POINT_SPACE + FIGURE_SPACE.repeat(missing - 1) : text + FIGURE_SPACE.repeat(missing)
}

function plain(size: number, digits: number): string {
  if (Number.isInteger(size) && size < 1e6) return String(size)
  const whole = Math.floor(Math.log10(size)) + 1
  return size.toFixed(Math.max(0, Math.min(100, digits - whole)))
}

function shortExponent(size: number, digits: number): string {
  const [mantissa = '', exponent = '0'] = size.toExponential(digits - 1).split('e')
  return `${mantissa}e${exponent.replace('+', '').replace('-', MINUS)}`
}
