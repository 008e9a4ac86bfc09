/** Finding latents by number or by the words of any of their explanations. */
import type { FoundLabel } from '../../../shared/records/latent'
import type { Explanation } from './source'

export type { FoundLabel }

export interface LabelSearch {
  readonly query: string
  readonly limit: number
  readonly d_sae: number
  /** Latents with an explanation, ascending. */
  readonly latents: readonly number[]
  explanations(latent: number): readonly Explanation[]
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
export function searchLabels({ query, limit, d_sae, latents, explanations }: LabelSearch): FoundLabel[] {
  const words = folded(query).split(/\s+/).filter(Boolean)
  if (words.length === 0 || limit <= 0) return []
  const [only = ''] = words
  const number = words.length === 1 && /^\d{1,9}$/.test(only) ? Number(only) : null
  const found: { grade: number; latent: number; hit: Explanation | null }[] = []
  if (number !== null && number < d_sae) found.push({ grade: -1, latent: number, hit: null })
  for (const latent of latents) {
    if (latent === number) continue
    const hit = bestOf(explanations(latent), words)
    if (hit !== null) found.push({ ...hit, latent })
    else if (number !== null && String(latent).startsWith(only)) found.push({ grade: BEGINS_WITH, latent, hit: null })
  }
  found.sort((a, b) => a.grade - b.grade || a.latent - b.latent)
  return found.slice(0, limit).map(({ latent, hit }) => {
    const [shown] = explanations(latent)
    return {
      latent,
      label: shown?.label ?? null,
      source: shown?.source ?? null,
      match: hit === null ? null : { label: hit.label, source: hit.source }
    }
  })
}

/** The explanation that matches best, and how well; half a grade is lost where it is not the one shown. Null where none has all the words. */
function bestOf(explanations: readonly Explanation[], words: readonly string[]): { grade: number; hit: Explanation | null } | null {
  let best: { grade: number; hit: Explanation | null } | null = null
  for (const [index, explanation] of explanations.entries()) {
    const grade = gradeOf(folded(explanation.label), words)
    if (grade === null) continue
    const own = index === 0 ? { grade, hit: null } : { grade: grade + 0.5, hit: explanation }
    if (best === null || own.grade < best.grade) best = own
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
