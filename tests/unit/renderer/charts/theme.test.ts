import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  categoricalColour,
  colourAt,
  divergingColour,
  escapeHtml,
  sequentialColour,
  themes,
  type ThemeName
} from '../../../../src/renderer/charts/theme'

const css = readFileSync(new URL('../../../../src/renderer/styles/tokens.css', import.meta.url), 'utf8')
const [lightCss = '', darkCss = ''] = css.split(":root[data-theme='dark']")

/** A design token's hex colour in one theme. */
function token(name: string, theme: ThemeName): string {
  const found = new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(theme === 'light' ? lightCss : darkCss)?.[1]
  if (found === undefined) throw new Error(`no token ${name}`)
  return found
}

/** Contrast ratio of WCAG 2.1. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

describe.each(['light', 'dark'] as const)('the %s theme', (name) => {
  const theme = themes[name]

  it('has text that can be read on every surface', () => {
    for (const text of ['text', 'text-2', 'text-3', 'danger', 'warn', 'accent']) {
      for (const surface of ['bg', 'surface', 'sunken']) {
        // 4.5:1 is the bound of WCAG AA for text of this size.
        expect(contrast(token(text, name), token(surface, name)), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5)
      }
    }
    expect(contrast(token('accent-text', name), token('accent', name))).toBeGreaterThanOrEqual(4.5)
  })

  it('keeps tokens readable on the strongest colours behind them', () => {
    for (const stops of [theme.divergingSoft, theme.sequentialSoft]) {
      for (const stop of stops) expect(contrast(token('text', name), stop), stop).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('has marks that stand out from the background', () => {
    // 3:1 is the bound of WCAG AA for graphical objects.
    for (const colour of [...theme.categorical, theme.diverging[0], theme.diverging[4], theme.sequential[4]]) {
      expect(contrast(colour, theme.background), colour).toBeGreaterThanOrEqual(3)
    }
  })

  it('shows zero as the neutral middle and saturates at the limit', () => {
    expect(divergingColour(theme.diverging, 0, 5)).toBe(theme.diverging[2])
    expect(divergingColour(theme.diverging, -7, 5)).toBe(theme.diverging[0])
    expect(divergingColour(theme.diverging, 5, 5)).toBe(theme.diverging[4])
    expect(sequentialColour(theme.sequential, 0, 5)).toBe(theme.sequential[0])
  })

  it('draws on the background the window has', () => {
    expect(theme.background).toBe(token('surface', name))
    expect(theme.accent).toBe(token('accent', name))
  })
})

it('colours between stops are mixed, and odd numbers do no harm', () => {
  expect(colourAt(['#000000', '#000000', '#000000', '#000000', '#ffffff'], 0.875)).toBe('#808080')
  expect(colourAt(themes.light.sequential, NaN)).toBe(themes.light.sequential[0])
  expect(divergingColour(themes.light.diverging, 1, 0)).toBe(themes.light.diverging[2])
})

it('there are eight categorical colours, used again from the first', () => {
  expect(categoricalColour(themes.light, 9)).toBe(themes.light.categorical[1])
})

it('tooltips cannot be broken out of', () => {
  expect(escapeHtml(`<img src=x onerror="a">'&`)).not.toMatch(/[<>"']/)
})
