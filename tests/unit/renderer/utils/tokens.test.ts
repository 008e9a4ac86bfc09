import { describe, expect, it } from 'vitest'
import { endsLine, tokenPieces, visibleToken } from '../../../../src/renderer/utils/tokens'

describe('tokens', () => {
  it('show their whitespace as marks, apart from their text', () => {
    expect(tokenPieces({ text: ' sad' })).toEqual([
      { text: '·', mark: true },
      { text: 'sad', mark: false }
    ])
    expect(visibleToken({ text: '\n\n' })).toBe('↵↵')
    expect(visibleToken({ text: '\ta ' })).toBe('⇥a·')
  })

  it('show fragments of characters as their bytes', () => {
    expect(visibleToken({ text: '', hex: 'e2 80' })).toBe('⟨e2 80⟩')
    expect(tokenPieces({ text: '', hex: 'e2 80' })).toEqual([{ text: 'e2 80', mark: false }])
  })

  it('keep other scripts and characters beyond the basic plane whole', () => {
    expect(visibleToken({ text: ' 悲しい' })).toBe('·悲しい')
    expect(tokenPieces({ text: '😀שלום' })).toEqual([{ text: '😀שלום', mark: false }])
  })

  it('are never invisible', () => {
    expect(visibleToken({ text: '' })).toBe('∅')
  })

  it('end a line when they hold a line break', () => {
    expect([endsLine({ text: '.\n' }), endsLine({ text: '.' })]).toEqual([true, false])
  })
})
