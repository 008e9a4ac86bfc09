/** Pieces that several sections share. */
import { divergingColour, sequentialColour, themes, type ChartTheme } from '../../renderer/charts/theme'
import { formatNumber, formatShare, formatSigned } from '../../renderer/utils/format'
import { tokenPieces } from '../../renderer/utils/tokens'
import type { SavedRanking } from '../../shared/records/project'
import type { MethodName, TargetKind } from '../../shared/records/ranking'
import type { NextToken, Token } from '../../shared/records/token'
import { html, type Html } from './html'

/** Rows of name and value. Rows whose value is null are left out. */
export function facts(rows: readonly (readonly [name: string, value: Html | string | null])[]): Html {
  return html`<dl class="facts">
    ${rows.map(([name, value]) =>
      value === null
        ? null
        : html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`
    )}
  </dl>`
}

export interface Column {
  readonly name: string | Html
  /** Right-aligned with equal digits. */
  readonly numeric?: boolean
}

/** Rows that stay on one page. */
const SHORT = 10

/** A table; cells are escaped. */
export function table(caption: string | Html, columns: readonly Column[], rows: readonly (readonly (Html | string | null)[])[]): Html {
  const kind = (at: number): string => (columns[at]?.numeric === true ? 'number' : 'text')
  // a few columns spread over the whole page are hard to read across; a few rows torn over two pages, too
  const classes = `${columns.length < 4 ? 'narrow' : 'wide'}${rows.length <= SHORT ? ' short' : ''}`
  return html`<div class="scroll">
    <table class="${classes}">
      ${
        caption === ''
          ? null
          : html`<caption>
              ${caption}
            </caption>`
      }
      <thead>
        <tr>
          ${columns.map((column, at) => html`<th scope="col" class="${kind(at)}">${column.name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, at) => html`<td class="${kind(at)}">${cell}</td>`)}
            </tr>`
        )}
      </tbody>
    </table>
  </div>`
}

/** A token as the window shows it: whitespace as marks, byte fragments as hex. Isolated, so that it cannot turn its neighbours around. */
export function tokenText(token: Pick<Token, 'text' | 'hex'>): Html {
  const pieces = tokenPieces(token).map(({ text, mark }) => (mark ? html`<span class="mark">${text}</span>` : text))
  return html`<bdi class="mono${token.hex === undefined ? '' : ' hex'}">${pieces}</bdi>`
}

/** Something a person typed, on one line, isolated from the direction of its neighbours. */
export function typed(text: string): Html {
  return html`<bdi>${text}</bdi>`
}

/** Plain text with its paragraphs. */
export function paragraphs(text: string): Html[] {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '')
  return blocks.map((block) => html`<p dir="auto" class="typed">${block.trim()}</p>`)
}

export interface StripToken {
  readonly token: Pick<Token, 'text' | 'hex' | 'special'>
  readonly value: number
  /** What a pointer on the token says. */
  readonly note: string
  /** Marks what differs from the baseline. */
  readonly changed?: boolean
  /** Marks where it begins to differ. */
  readonly first?: boolean
}

/** How values become colours: "signed" is symmetric about zero, "size" runs from zero to the limit. Both are full at `limit`. */
export interface Scale {
  readonly kind: 'signed' | 'size'
  readonly limit: number
}

/** Tokens on coloured backgrounds. */
export function strip(tokens: readonly StripToken[], scale: Scale): Html {
  return html`<p class="strip">
    ${tokens.map(({ token, value, note, changed, first }) => {
      const classes = `token${token.special ? ' special' : ''}${changed === true ? ' changed' : ''}${first === true ? ' first' : ''}`
      const cell = html`<span class="${classes}" style="${colours(value, scale)}" title="${note}">${tokenText(token)}</span>`
      // lines break between words, not within
      const before = /^\s/.test(token.text) ? html`<wbr />` : null
      return html`${before}${cell}${token.text.includes('\n') ? html`<br />` : null}`
    })}
  </p>`
}

/** The scale of a strip in words and colours. */
export function stripLegend({ kind, limit }: Scale, what: string): Html {
  const stops = kind === 'signed' ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]
  const ends = kind === 'signed' ? [formatSigned(-limit), formatSigned(limit)] : ['0', formatNumber(limit)]
  const boxes = stops.map((share) => html`<i style="${colours(share, { kind, limit: 1 })}"></i>`)
  return html`<p class="legend"><span>${ends[0]}</span>${boxes}<span>${ends[1]}</span> <span>${what}</span></p>`
}

/** A background for each theme, as custom properties that the style sheet chooses from. */
function colours(value: number, { kind, limit }: Scale): string {
  const colour = (theme: ChartTheme): string =>
    kind === 'signed' ? divergingColour(theme.divergingSoft, value, limit) : sequentialColour(theme.sequentialSoft, value, limit)
  return `--l:${colour(themes.light)};--d:${colour(themes.dark)}`
}

/** The most probable next tokens on one line. */
export function nextTokens(tokens: readonly NextToken[], count: number): Html {
  return html`<span class="next"
    >${tokens.slice(0, count).map((token) => html`<span>${tokenText(token)}&#160;${formatShare(token.probability)}</span> `)}</span
  >`
}

/** Labels that were kept with a ranking, by latent. */
export function labelsOf(saved: SavedRanking): Map<number, string> {
  return new Map(saved.labels.map(({ latent, label }) => [latent, label]))
}

/** The unit of a ranking's scores. */
export function unitOf(saved: SavedRanking): string {
  return UNITS[saved.ranking.target.kind]
}

const UNITS: Record<TargetKind, string> = {
  probability: 'probability',
  logit: 'logit',
  'log-probability': 'nats',
  'logit-difference': 'logit',
  continuation: 'nats',
  'cross-entropy': 'nats'
}

/** Methods as prose calls them. */
export const METHOD_NAMES: Record<MethodName, string> = {
  gradsae: 'GradSAE',
  attribution: 'attribution',
  counterfactual: 'attribution to a counterfactual prompt',
  'integrated-gradients': 'integrated gradients',
  gradient: 'gradient alone',
  'mean-activation': 'mean activation',
  'max-activation': 'largest activation',
  'direct-logit': 'direct logit attribution',
  exact: 'exact ablation of every latent',
  random: 'random order'
}

/** The name a person gave, or what stands in for it. */
export function nameOf(saved: { name: string }, instead: string): string {
  return saved.name.trim() === '' ? instead : saved.name
}
