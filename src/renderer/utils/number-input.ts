/** Reads what a person types as a number: comma or point, a real minus sign, spaces. Null when it is none. */
export function parseNumber(text: string): number | null {
  const cleaned = text
    .replace(/[\s\u202f\u00a0]/g, '')
    .replace(/\u2212/g, '-')
    .replace(',', '.')
  if (cleaned === '' || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cleaned)) return null
  const value = Number(cleaned)
  return Number.isFinite(value) ? value : null
}

/** `value` inside [min, max], rounded to a multiple of `grain` without binary tails (0.1 + 0.2 gives 0.3). */
export function clampToStep(value: number, min: number, max: number, grain: number): number {
  const digits = Math.max(0, Math.min(12, Math.ceil(-Math.log10(grain))))
  const rounded = Number((Math.round(value / grain) * grain).toFixed(digits))
  return Math.min(max, Math.max(min, rounded))
}
