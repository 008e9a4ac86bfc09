import type { Token } from '../../shared/records/token'

/** A piece of a token's text: as it is, or a mark that stands for whitespace. */
export interface TokenPiece {
  text: string
  mark: boolean
}

const MARKS: Record<string, string> = { ' ': '·', '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': '⍽', '\u200b': '∅' }

/** A token's text cut into plain pieces and whitespace marks. Byte fragments give their hex. */
export function tokenPieces(token: Pick<Token, 'text' | 'hex'>): TokenPiece[] {
  if (token.hex !== undefined) return [{ text: token.hex, mark: false }]
  const pieces: TokenPiece[] = []
  for (const character of token.text) {
    const mark = MARKS[character]
    const last = pieces[pieces.length - 1]
    if (mark !== undefined) {
      if (last?.mark) last.text += mark
      else pieces.push({ text: mark, mark: true })
    } else if (last && !last.mark) last.text += character
    else pieces.push({ text: character, mark: false })
  }
  return pieces.length > 0 ? pieces : [{ text: '∅', mark: true }]
}

/** A token as one line of visible text, for tables, charts and screen readers. */
export function visibleToken(token: Pick<Token, 'text' | 'hex'>): string {
  if (token.hex !== undefined) return `⟨${token.hex}⟩`
  return tokenPieces(token)
    .map((piece) => piece.text)
    .join('')
}

/** Whether a line should break after the token when a text is shown as a strip. */
export function endsLine(token: Pick<Token, 'text'>): boolean {
  return token.text.includes('\n')
}
