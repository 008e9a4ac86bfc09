/**
 * Colours that carry data, for both themes, and the ECharts base they share. Charts and CSS read them from here.
 * Diverging: blue negative, orange positive, neutral at exactly zero. Sequential: one hue, light to strong. Both differ in
 * lightness along the way, so they survive every kind of colour blindness. Categorical: Okabe-Ito, darkened or
 * lightened for contrast with the background (3:1 at least).
 */
export type ThemeName = 'light' | 'dark'
type Stops = readonly [string, string, string, string, string]

export interface ChartTheme {
  name: ThemeName
  background: string
  text: string
  textSoft: string
  line: string
  grid: string
  accent: string
  /** Strong scale for marks in charts, from most negative to most positive. */
  diverging: Stops
  /** Soft scale for backgrounds behind text. */
  divergingSoft: Stops
  sequential: Stops
  sequentialSoft: Stops
  categorical: readonly [string, string, string, string, string, string, string, string]
}

export const themes: Record<ThemeName, ChartTheme> = {
  light: {
    name: 'light',
    background: '#ffffff',
    text: '#1b1f24',
    textSoft: '#59626d',
    line: '#c5ccd4',
    grid: '#e9ecef',
    accent: '#0b7269',
    diverging: ['#17568f', '#6ea6d4', '#eceff2', '#eda75f', '#b4520a'],
    divergingSoft: ['#7fb4e2', '#bcd8ef', '#ffffff', '#fbd7ae', '#f3a95c'],
    sequential: ['#f1eef8', '#d3c7ea', '#ac95d5', '#7f61ba', '#4a2a8c'],
    sequentialSoft: ['#ffffff', '#ece6f7', '#d8ccf0', '#c3b0e8', '#ad94df'],
    categorical: ['#0072b2', '#c65300', '#00855f', '#b05a8c', '#8a6d00', '#3d93c9', '#6a51a3', '#5b636c']
  },
  dark: {
    name: 'dark',
    background: '#1a1d21',
    text: '#e5e8eb',
    textSoft: '#a4adb7',
    line: '#474f59',
    grid: '#282d33',
    accent: '#3fb8a9',
    diverging: ['#83c3ff', '#3f7db5', '#2a2f35', '#ac6a2b', '#ffb365'],
    divergingSoft: ['#1f639f', '#23415c', '#1a1d21', '#553a1f', '#9a5712'],
    sequential: ['#2a2933', '#453c6b', '#6b58a6', '#9a85d6', '#d6c9ff'],
    sequentialSoft: ['#1a1d21', '#2c2840', '#41376a', '#56478d', '#6a57ab'],
    categorical: ['#4ea3dd', '#f08a3c', '#35b68f', '#d98fbb', '#c9a93a', '#8ccdf5', '#a893e0', '#a4adb7']
  }
}

/** Colour at `share` in 0..1 along five stops, mixed linearly in sRGB. */
export function colourAt(stops: Stops, share: number): string {
  const place = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * 4
  const index = Math.min(3, Math.floor(place))
  return mix(stops[index] ?? stops[0], stops[index + 1] ?? stops[4], place - index)
}

/** Diverging colour of `value` on a scale that is symmetric about zero and saturates at `limit` (> 0). */
export function divergingColour(stops: Stops, value: number, limit: number): string {
  return colourAt(stops, limit > 0 ? 0.5 + value / limit / 2 : 0.5)
}

/** Sequential colour of `value` from 0 to `limit`. */
export function sequentialColour(stops: Stops, value: number, limit: number): string {
  return colourAt(stops, limit > 0 ? value / limit : 0)
}

/** A stable colour per index, at most eight; the last is for the rest and for baselines. */
export function categoricalColour(theme: ChartTheme, index: number): string {
  return theme.categorical[((index % 8) + 8) % 8] ?? theme.text
}

/** What every chart's option starts from: fonts, colours, no animation (results stream; nothing should jump). */
export function baseOption(theme: ChartTheme): {
  animation: boolean
  backgroundColor: string
  color: string[]
  textStyle: { color: string; fontFamily: string; fontSize: number }
} {
  return {
    animation: false,
    backgroundColor: 'transparent',
    color: [...theme.categorical],
    textStyle: { color: theme.textSoft, fontFamily: 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif', fontSize: 11 }
  }
}

/** Axis look shared by all charts. */
export function axisStyle(theme: ChartTheme, name: string): Record<string, unknown> {
  return {
    name,
    nameTextStyle: { color: theme.textSoft, fontSize: 11 },
    axisLine: { show: true, lineStyle: { color: theme.line } },
    axisTick: { show: false },
    axisLabel: { color: theme.textSoft, fontSize: 10.5, hideOverlap: true },
    splitLine: { lineStyle: { color: theme.grid } }
  }
}

/** Tooltip look shared by all charts. Contents are escaped by `escapeHtml`. */
export function tooltipStyle(theme: ChartTheme): Record<string, unknown> {
  return {
    confine: true,
    backgroundColor: theme.name === 'dark' ? '#22262b' : '#ffffff',
    borderColor: theme.line,
    borderWidth: 1,
    padding: [5, 8],
    textStyle: { color: theme.text, fontSize: 12 },
    transitionDuration: 0
  }
}

/** Text safe inside a tooltip's HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function mix(from: string, to: string, share: number): string {
  const part = (at: number): string => {
    const a = parseInt(from.slice(at, at + 2), 16)
    const b = parseInt(to.slice(at, at + 2), 16)
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${part(1)}${part(3)}${part(5)}`
}
