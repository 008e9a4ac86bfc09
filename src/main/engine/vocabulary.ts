/** Searching a model's vocabulary for the target picker. */
import type { Token } from '../../shared/records/token'
import type { Model } from '../models/types'

/** Texts of all tokens, made once for each opened model. */
const texts = new WeakMap<Model, readonly string[]>()

/**
 * Tokens whose text contains `query`, the best first: exact matches (a leading space ignored), then beginnings, then the rest, each
 * by length and id. Case counts only in breaking ties.
 */
export function searchVocabulary(model: Model, query: string, limit: number): Token[] {
  const wanted = query.toLowerCase()
  const bare = wanted.trim()
  const found: { id: number; grade: number; length: number }[] = []
  for (const [id, text] of textsOf(model).entries()) {
    const lower = text.toLowerCase()
    if (!lower.includes(wanted)) continue
    const grade = text === query ? 0 : lower.trim() === bare ? 1 : lower.trimStart().startsWith(bare) ? 2 : 3
    found.push({ id, grade, length: text.length })
  }
  found.sort((a, b) => a.grade - b.grade || a.length - b.length || a.id - b.id)
  return found.slice(0, limit).map(({ id }) => model.tokenizer.token(id))
}

function textsOf(model: Model): readonly string[] {
  const known = texts.get(model)
  if (known !== undefined) return known
  const size = Math.min(model.tokenizer.size, model.config.d_vocab)
  const made = Array.from({ length: size }, (_, id) => model.tokenizer.token(id).text)
  texts.set(model, made)
  return made
}
