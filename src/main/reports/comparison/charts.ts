/** The numbers of every token as lines along the text, one chart each, with one key for all of them. */
import { dashOf, positionLines, type AlongText } from '../../../renderer/charts/position-lines'
import { categoricalColour, themes, type ChartTheme } from '../../../renderer/charts/theme'
import { visibleToken } from '../../../renderer/utils/tokens'
import type { Comparison, ComparisonColumn } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { nameOf } from '../parts'
import type { Draw } from '../report'
import { nameOfColumn } from './texts'

/** Colours of recipes; the eighth is the baseline's grey. */
const COLOURS = 7

interface Line {
  readonly metric: AlongText
  readonly title: string
  /** Visible text of the token whose probability it is. */
  readonly token: string | null
  of(column: ComparisonColumn): (number | null)[]
}

/** Null where no column has any number. */
export function charts(comparison: Comparison, draw: Draw): Html | null {
  const lines = linesOf(comparison).filter(({ of }) => comparison.columns.some((column) => of(column).some((value) => value !== null)))
  if (lines.length === 0) return null
  return html`<h4>Along the text</h4>
    ${seriesKey(comparison)}
    <div class="stack">
      ${lines.map(({ metric, title, token, of }) =>
        draw({
          title,
          width: 940,
          height: 190,
          chart: (theme) =>
            positionLines(
              {
                metric,
                target: token,
                series: series(comparison).map((one, at) => {
                  const column = comparison.columns[at]
                  return { ...one, tokens: column?.tokens.map(visibleToken) ?? [], values: column ? of(column) : [] }
                })
              },
              theme
            )
        })
      )}
    </div>`
}

function linesOf({ target, watched = [] }: Comparison): Line[] {
  return [
    { metric: 'kl', title: 'KL divergence', token: null, of: ({ scores }) => scores?.kl ?? [] },
    { metric: 'logprob', title: 'Log-probability', token: null, of: ({ scores }) => scores?.baselineLogprob ?? [] },
    {
      metric: 'target',
      title: 'Watched token',
      token: target && visibleToken(target),
      of: ({ tokens }) => tokens.map(({ targetProbability }) => targetProbability)
    },
    ...watched.map((token, at): Line => ({
      metric: 'watched',
      title: 'Watched token',
      token: visibleToken(token),
      of: ({ tokens }) => tokens.map((each) => each.watched?.[at] ?? null)
    })),
    { metric: 'edit', title: 'Size of the edit', token: null, of: ({ tokens }) => tokens.map(({ editSize }) => editSize ?? null) }
  ]
}

function series({ columns }: Comparison): { name: string; colour: number; baseline: boolean }[] {
  return columns.map(({ recipe }, at) => ({
    name: recipe === null ? 'baseline' : nameOf(recipe, 'recipe without a name'),
    colour: recipe === null ? COLOURS : (at - 1) % COLOURS,
    baseline: recipe === null
  }))
}

/** Which line is whose: the same colours and dashes as in the charts, with words. */
function seriesKey(comparison: Comparison): Html {
  const all = series(comparison)
  return html`<p class="key">
    ${comparison.columns.map((column, at) => {
      const { colour = COLOURS, baseline = false } = all[at] ?? {}
      const of = (theme: ChartTheme): string => (baseline ? theme.textSoft : categoricalColour(theme, colour))
      const style = `--l:${of(themes.light)};--d:${of(themes.dark)};--dash:${baseline ? 'dashed' : dashOf(all, at)}`
      return html`<span class="series" style="${style}">${nameOfColumn(column)}</span> `
    })}
  </p>`
}
