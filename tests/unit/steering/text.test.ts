import { describe, expect, it } from 'vitest'
import type { Tokenizer } from '../../../src/main/models/types'
import { continuationText } from '../../../src/main/steering/text'

/** Each id is a byte; id 256 is a special token. `dropFirstSpace` decodes as SentencePiece tokenizers do. */
function byteTokenizer(dropFirstSpace: boolean): Tokenizer {
  const bytes = (ids: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)))
  const encodeRaw = (text: string): number[] => [...new TextEncoder().encode(text)]
  return {
    encode: (text) => [256, ...encodeRaw(text)],
    encodeRaw,
    encodeRendered: encodeRaw,
    token: (id) => ({ id, text: bytes([id]), special: id === 256 }),
    decode: (ids) => (dropFirstSpace ? bytes(ids).replace(/^ /, '') : bytes(ids)),
    specialIds: new Set([256]),
    size: 257
  }
}

describe('the text of generated tokens', () => {
  it.each([
    ['a space before the first word stays', 'Once', ' upon', true],
    ['an empty prompt keeps what the tokenizer gives', '', ' upon', false],
    ['nothing generated is no text', 'Once', '', false]
  ])('%s', (_, prompt, generated, dropFirstSpace) => {
    const tokenizer = byteTokenizer(dropFirstSpace)
    expect(continuationText(tokenizer, tokenizer.encode(prompt), tokenizer.encodeRaw(generated))).toBe(generated)
  })

  it('leaves special tokens out', () => {
    const tokenizer = byteTokenizer(false)
    expect(continuationText(tokenizer, tokenizer.encode('a'), [98, 256])).toBe('b')
  })

  it('shows a character that begins in the prompt and ends in the generation', () => {
    const tokenizer = byteTokenizer(false)
    const [first = 0, second = 0, third = 0] = tokenizer.encodeRaw('\u20ac')
    expect(continuationText(tokenizer, [97, first], [second, third])).toBe('\u20ac')
  })
})
