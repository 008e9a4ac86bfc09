/** Human output: aligned tables and numbers with significant digits. */

/** Rows as columns separated by two spaces; numbers (right-aligned) are recognised by their column's header ending in ">". */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const right = headers.map((header) => header.endsWith('>'))
  const titles = headers.map((header) => header.replace(/>$/, ''))
  const widths = titles.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, right[column] ?? false))
      .join('  ')
      .trimEnd()
  return [line(titles), widths.map((size) => '-'.repeat(size)).join('  '), ...rows.map(line)].join('\n')
}

/** Four significant digits, of large numbers all that stand before the point; never 0.000 for a value that is not zero. */
export function digits(value: number, significant = 4): string {
  if (value === 0 || !Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e6) return value.toExponential(significant - 1)
  return size >= 10 ** significant ? String(Math.round(value)) : value.toPrecision(significant)
}

/** A fallback in words; nothing to say where the device is the one asked for. */
export function deviceNotes({ requested, used }: { requested: string; used: string }): string[] {
  return requested === 'auto' || requested === used ? [] : [`The device ${requested} did not work here; ${used} was used.`]
}

/** A token's text on one line, with whitespace visible; fragments as hex. */
export function shown(token: { text: string; hex?: string | undefined }): string {
  return token.hex !== undefined ? `<${token.hex}>` : `"${token.text.replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')}"`
}

function width(text: string): number {
  return [...text].length
}

function pad(text: string, size: number, right: boolean): string {
  const gap = ' '.repeat(Math.max(0, size - width(text)))
  return right ? gap + text : text + gap
}
