/**
 * Charts as inline SVG, drawn by ECharts without a window, from the same option builders that the window uses.
 * Each is drawn in the light and in the dark theme; the style sheet shows the one that fits, and paper is always light.
 */
import type { ChartView } from '../../renderer/charts/chart'
import { themes, type ChartTheme } from '../../renderer/charts/theme'
import { html, trusted } from './html'
import type { Draw } from './report'

/** Loads ECharts (only reports need it) and gives the function that draws. */
export async function createDraw(): Promise<Draw> {
  const { init } = await import('echarts')

  function svg(view: ChartView, width: number, height: number): string {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
    try {
      chart.setOption({ ...view.option, animation: false })
      return chart.renderToSVGString()
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
