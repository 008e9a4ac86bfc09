/**
 * SQuAD's scores of a predicted answer (Rajpurkar et al. 2016, arXiv 1606.05250; the rules of its published evaluation program): both
 * texts in lower case, without punctuation, without the articles a, an, the, white space collapsed.
 */

const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g

/** Whole words of any script: JavaScript's \b knows ASCII letters only. */
const ARTICLES = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu

/** A text as it is compared. */
export function normalisedAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(ARTICLES, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
}

/** 1 where both normalise to the same text, else 0. */
export function exactMatch(predicted: string, answer: string): number {
  return normalisedAnswer(predicted) === normalisedAnswer(answer) ? 1 : 0
}

/** The harmonic mean of precision and recall of the words, each counted as often as it stands; of empty texts 1 where both are empty. */
export function wordF1(predicted: string, answer: string): number {
  const words = (text: string): string[] =>
    normalisedAnswer(text)
      .split(' ')
      .filter((word) => word !== '')
  const [found, wanted] = [words(predicted), words(answer)]
  if (found.length === 0 || wanted.length === 0) return found.length === wanted.length ? 1 : 0
  const left = new Map<string, number>()
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1)
  let common = 0
  for (const word of found) {
    const count = left.get(word) ?? 0
    if (count === 0) continue
    left.set(word, count - 1)
    common += 1
  }
  if (common === 0) return 0
  const [precision, recall] = [common / found.length, common / wanted.length]
  return (2 * precision * recall) / (precision + recall)
}
