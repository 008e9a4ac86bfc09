/** Names in the labels of undo and redo. */

const LONGEST = 40

/** A name in quotes, cut to what a menu holds; line breaks become spaces. */
export function quoted(name: string): string {
  const line = name.replace(/\s+/g, ' ').trim()
  const letters = [...line]
  return letters.length > LONGEST ? `"${letters.slice(0, LONGEST - 1).join('')}…"` : `"${line}"`
}
