import { describe, expect, it } from 'vitest'
import {
  alignDecimals,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatShare,
  formatSigned,
  formatTime,
  plural,
  shortHash
} from '../../../../src/renderer/utils/format'

/** The special spaces as plain ones. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ')

describe('numbers', () => {
  it.each([
    [0, '0'],
    [12.44, '12.4'],
    [7, '7'],
    [1402, '1402'],
    [0.23149, '0.231'],
    [-0.0904, '−0.0904'],
    [0.000123456, '0.000123'],
    [0.0000123456, '1.23e−5'],
    [-4.2e-12, '−4.20e−12'],
    [123456.7, '123457'],
    [1234567.8, '1.23e6'],
    [Infinity, '∞'],
    [NaN, 'not a number'],
    [null, '–']
  ])('are shown with three significant digits: %s is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('never show zero for a value that is not zero', () => {
    for (let power = -300; power <= 300; power += 7) {
      for (const sign of [1, -1]) expect(formatNumber(sign * 1.7 * 10 ** power)).toMatch(/[1-9]/)
    }
  })

  it('carry a plus sign when they are signed', () => {
    expect([formatSigned(0.5), formatSigned(-0.5), formatSigned(0)]).toEqual(['+0.500', '−0.500', '0'])
  })

  it('become percent as shares', () => {
    expect(plain(formatShare(0.2714))).toBe('27.1 %')
  })

  it('are grouped from five digits on as counts', () => {
    expect([formatCount(2048), formatCount(24576), formatCount(-1234567)].map(plain)).toEqual(['2048', '24 576', '−1 234 567'])
  })

  it('line up at the decimal point when they are padded', () => {
    const padded = alignDecimals(['12.4', '0.0821', '3'])
    const afterPoint = padded.map((text) => text.length - text.search(/[.\u2008]/))
    expect(new Set(afterPoint).size).toBe(1)
    expect(padded.map((text) => text.trim())).toEqual(['12.4', '0.0821', '3'])
  })
})

describe('sizes and times', () => {
  it('take the unit that leaves one to three digits before the point', () => {
    expect([formatBytes(999), formatBytes(1200), formatBytes(612e6)].map(plain)).toEqual(['999 B', '1.20 kB', '612 MB'])
    expect([formatDuration(143.4), formatDuration(12_340), formatDuration(200_000)].map(plain)).toEqual(['143 ms', '12.3 s', '3 min 20 s'])
  })

  it('show only the clock for today', () => {
    const now = new Date(2026, 10, 22, 12, 0)
    expect(formatTime(new Date(2026, 10, 22, 9, 5).toISOString(), now)).toBe('09:05')
    expect(formatTime(new Date(2026, 10, 21, 9, 5).toISOString(), now)).toBe('2026-11-21 09:05')
    expect(formatTime('nonsense', now)).toBe('')
  })
})

describe('words', () => {
  it('agree with their number', () => {
    expect([plural(1, 'latent'), plural(2, 'latent'), plural(0, 'match', 'matches')]).toEqual(['1 latent', '2 latents', '0 matches'])
  })

  it('shorten hashes to eight digits', () => {
    expect(shortHash('sha256:0123456789abcdef')).toBe('01234567')
  })
})
