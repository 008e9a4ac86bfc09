/**
 * Charts as inline SVG, drawn by ECharts without a window, from the same option builders that the window uses.
 * Each is drawn in the light and in the dark theme; the style sheet shows the one that fits, and paper is always light.
 */
import type { ChartView } from '../../renderer/charts/chart'
import { themes, type ChartTheme } from '../../renderer/charts/theme'
import { html, trusted, withoutControls } from './html'
import type { Draw } from './report'

/**
 * Widths in em for laying out text without a font at hand. Rather wide (DejaVu Sans, the widest of the usual interface fonts), so that
 * labels keep clear of each other and of the edge in every font.
 */
const WIDTHS: readonly (readonly [characters: RegExp, em: number])[] = [
  [/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u, 1],
  [/[ijlI.,:;'|!\u00b7]/u, 0.34],
  [/[mwMW@%]/u, 0.95],
  [/[\u0300-\u036f]/u, 0],
  [/[A-Z\u2212+=<>~#]/u, 0.76]
]
const OTHER_WIDTH = 0.63

function measureText(text: string, font: string | undefined): { width: number } {
  const size = Number(/([\d.]+)px/.exec(font ?? '')?.[1] ?? 12)
  const widthOf = (character: string): number => WIDTHS.find(([characters]) => characters.test(character))?.[1] ?? OTHER_WIDTH
  return { width: size * [...text].reduce((sum, character) => sum + widthOf(character), 0) }
}

/** Loads ECharts (only reports need it) and gives the function that draws. */
export async function createDraw(): Promise<Draw> {
  const { init, setPlatformAPI } = await import('echarts')
  setPlatformAPI({ measureText })

  function svg(view: ChartView, width: number, height: number): string {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
    try {
      chart.setOption({ ...view.option, animation: false })
      // zrender escapes texts, but lets control characters through
      return withoutControls(chart.renderToSVGString())
    } finally {
      chart.dispose()
    }
  }

  return ({ title, caption, width, height, chart }) => {
    const draw = (theme: ChartTheme): ReturnType<typeof trusted> => trusted(svg(chart(theme), width, height))
    const { summary } = chart(themes.light)
    return html`<figure class="chart">
      <figcaption><strong>${title}</strong>${caption === undefined ? '' : html` <span>${caption}</span>`}</figcaption>
      <div role="img" aria-label="${summary}">
        <div class="when-light">${draw(themes.light)}</div>
        <div class="when-dark">${draw(themes.dark)}</div>
      </div>
      <p class="summary">${summary}</p>
    </figure>`
  }
}
