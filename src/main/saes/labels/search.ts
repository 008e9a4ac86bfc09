/** Finding latents by number or by the words of any of their explanations. */
import type { FoundLabel } from '../../../shared/records/latent'
import type { Explanation } from './source'

export type { FoundLabel }

/** A latent with its explanations, the one shown first, and their texts as they are compared. */
export interface Searchable {
  readonly latent: number
  readonly explanations: readonly Explanation[]
  readonly texts: readonly string[]
}

/** A latent made ready for being searched: done once for many searches. */
export function searchable(latent: number, explanations: readonly Explanation[]): Searchable {
  return { latent, explanations, texts: explanations.map(({ label }) => folded(label)) }
}

/** How well a text has a word: as a word of its own, as the beginning of one, or inside one. */
const GRADES = { word: 0, beginning: 1, inside: 2 }
/** After every match of words: only the number begins with what was typed. */
const BEGINS_WITH = 3

/**
 * The number itself first, when a number of a latent was typed; then latents one of whose explanations has all the words, better matches
 * first (whole words before beginnings before middles), among equals those whose shown explanation has them, then by number. Numbers
 * that begin with what was typed come last. Case and forms of letters do not count. Nothing typed finds nothing.
 */
export function searchLabels(pool: readonly Searchable[], d_sae: number, query: string, limit: number): FoundLabel[] {
  const words = folded(query).split(/\s+/).filter(Boolean)
  if (words.length === 0 || limit <= 0) return []
  const [only = ''] = words
  const number = words.length === 1 && /^\d{1,9}$/.test(only) ? Number(only) : null
  const found: Hit[] = []
  const typed = pool.find(({ latent }) => latent === number)
  if (number !== null && number < d_sae) found.push({ grade: -1, latent: number, shown: typed?.explanations[0], other: null })
  for (const one of pool) {
    const { latent } = one
    if (latent === number) continue
    const hit = bestOf(one, words)
    const begins = number !== null && String(latent).startsWith(only)
    if (hit !== null) found.push(hit)
    else if (begins) found.push({ grade: BEGINS_WITH, latent, shown: one.explanations[0], other: null })
  }
  found.sort((a, b) => a.grade - b.grade || a.latent - b.latent)
  return found.slice(0, limit).map(({ latent, shown, other }) => ({
    latent,
    label: shown?.label ?? null,
    source: shown?.source ?? null,
    match: other === null ? null : { label: other.label, source: other.source }
  }))
}

/** A latent found, with the explanation shown, and the one that has the words where that is another. The lower the grade the better. */
interface Hit {
  readonly grade: number
  readonly latent: number
  readonly shown: Explanation | undefined
  readonly other: Explanation | null
}

/** The best match of a latent's explanations; half a grade is lost where it is not the one shown. Null where none has all the words. */
function bestOf({ latent, explanations, texts }: Searchable, words: readonly string[]): Hit | null {
  const [shown] = explanations
  let best: Hit | null = null
  for (const [index, text] of texts.entries()) {
    const grade = gradeOf(text, words)
    if (grade === null) continue
    const own = index === 0 ? grade : grade + 0.5
    if (best === null || own < best.grade) best = { grade: own, latent, shown, other: index === 0 ? null : (explanations[index] ?? null) }
  }
  return best
}

/** The worst grade among the words; null where one is missing. */
function gradeOf(text: string, words: readonly string[]): number | null {
  let worst = GRADES.word
  for (const word of words) {
    const grade = gradeOfWord(text, word)
    if (grade === null) return null
    worst = Math.max(worst, grade)
  }
  return worst
}

function gradeOfWord(text: string, word: string): number | null {
  let best: number | null = null
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const begins = !isLetter(text[at - 1])
    const ends = !isLetter(text[at + word.length])
    const grade = begins && ends ? GRADES.word : begins ? GRADES.beginning : GRADES.inside
    if (grade === GRADES.word) return grade
    if (best === null || grade < best) best = grade
  }
  return best
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}

/** A text in one case and one form of its letters: "ﬁ" is "fi", and "É" in two characters is "é" in one. */
function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
