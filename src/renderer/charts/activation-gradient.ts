/**
 * Every active latent by its largest activation and the gradient there. The paper's point at a glance: many are active, few
 * influence the target. Dashed: activation x |gradient| of the tenth largest product; what lies beyond it are the few.
 */
import { formatNumber, formatShare, formatSigned } from '../utils/format'
import { markLatent, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface ActivationGradientPoint {
  rank: number
  latent: number
  label: string | null
  activation: number
  gradient: number
  score: number
}

export interface ActivationGradientData {
  points: readonly ActivationGradientPoint[]
  selected: ReadonlySet<number>
  /** log: both axes logarithmic, the gradient by its size (its sign stays in colour and shape). */
  scale: 'linear' | 'log'
  unit: string
  /** Activations are in the units of Neuronpedia: times the norm of the decoder row. */
  folded?: boolean
  /** How many latents carry 80 % of the total absolute influence. */
  carriers: number
}

const LINE_POINTS = 60
const RANK_OF_LINE = 10
const NAMED = 5
/** So many of the best are marks of their own; the rest are drawn as one crowd, which stays fluid at many thousands. */
const SINGLE = 300
/** On a logarithmic axis gradients this much smaller than the largest are drawn at the lower edge. */
const SMALLEST_SHARE = 1e-6

export function activationGradient(data: ActivationGradientData, theme: ChartTheme): ChartView {
  const { points, selected, scale, unit } = data
  const most = Math.max(...points.map((point) => Math.abs(point.score)), 0)
  const place = placer(points, scale)
  const axis = data.folded === true ? 'largest activation × decoder norm' : 'largest activation'
  const mark = (point: ActivationGradientPoint): object => ({
    value: place(point),
    latent: point.latent,
    symbol: point.score < 0 ? 'diamond' : 'circle',
    symbolSize: 4 + 12 * Math.sqrt(most > 0 ? Math.abs(point.score) / most : 0),
    itemStyle: { color: colour(point, theme, point.rank <= data.carriers), opacity: point.rank <= data.carriers ? 0.9 : 0.6 },
    ...(point.rank <= NAMED && selected.size === 0 ? { label: tag(point, theme) } : {})
  })
  const single = points.slice(0, SINGLE)
  const crowd = points.slice(SINGLE)
  const chosen = points.filter((point) => selected.has(point.latent)).slice(0, SINGLE)
  const crowdOf = (sign: number): object => ({
    type: 'scatter',
    large: true,
    largeThreshold: 0,
    symbolSize: 4,
    z: 1,
    itemStyle: { color: sign === 0 ? theme.line : theme.diverging[sign < 0 ? 1 : 3], opacity: 0.7 },
    data: crowd.filter((point) => Math.sign(point.score) === sign).map((point) => [...place(point), point.latent])
  })
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 18, top: 26, bottom: 28, containLabel: true },
      xAxis: {
        ...axisStyle(theme, axis),
        ...axisRange(
          points.map((point) => place(point)[0]),
          scale
        ),
        nameLocation: 'middle',
        nameGap: 22,
        axisLabel: axisLabel(theme, scale)
      },
      yAxis: {
        ...axisStyle(theme, scale === 'log' ? '|gradient|' : 'gradient'),
        ...axisRange(
          points.map((point) => place(point)[1]),
          scale
        ),
        nameGap: 10,
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left' },
        axisLabel: axisLabel(theme, scale)
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(points, point, unit) },
      series: [
        { type: 'scatter', data: single.map(mark), z: 2, emphasis: { scale: 1.3 } },
        {
          type: 'scatter',
          z: 4,
          data: chosen.map((point) => ({
            ...mark(point),
            symbolSize: 14,
            itemStyle: { color: colour(point, theme, true), opacity: 1, borderColor: theme.text, borderWidth: 2 },
            ...(chosen.length <= 12 ? { label: tag(point, theme) } : {})
          }))
        },
        ...[1, -1, 0].filter((sign) => crowd.some((point) => Math.sign(point.score) === sign)).map(crowdOf),
        ...tenthLine(points, scale, theme)
      ]
    },
    summary: summary(data),
    table: {
      columns: ['rank', 'latent', 'label', axis, 'gradient', `influence (${unit})`],
      rows: points.map((point) => [point.rank, point.latent, point.label, point.activation, point.gradient, point.score])
    }
  }
}

/** Where a point is drawn. A zero gradient has no logarithm: it goes to the lower edge. */
function placer(points: readonly ActivationGradientPoint[], scale: 'linear' | 'log'): (point: ActivationGradientPoint) => [number, number] {
  if (scale === 'linear') return (point) => [point.activation, point.gradient]
  const sizes = points.map((point) => Math.abs(point.gradient)).filter((size) => size > 0)
  const floor = sizes.length > 0 ? Math.max(Math.min(...sizes) / 2, Math.max(...sizes) * SMALLEST_SHARE) : 1
  return (point) => [Math.max(point.activation, 1e-9), Math.max(Math.abs(point.gradient), floor)]
}

function tenthLine(points: readonly ActivationGradientPoint[], scale: 'linear' | 'log', theme: ChartTheme): object[] {
  const products = points.map((point) => Math.abs(point.activation * point.gradient)).sort((a, b) => b - a)
  const product = products[RANK_OF_LINE - 1]
  if (product === undefined || product === 0 || points.length < 2 * RANK_OF_LINE) return []
  const activations = points.map((point) => point.activation).filter((value) => value > 0)
  const [low, high] = [Math.min(...activations), Math.max(...activations)]
  const tallest = Math.max(...points.map((point) => Math.abs(point.gradient)))
  const xs = Array.from({ length: LINE_POINTS }, (_, at) => low * (high / low) ** (at / (LINE_POINTS - 1)))
  const curve = (sign: number): object => ({
    type: 'line',
    silent: true,
    symbol: 'none',
    z: 1,
    lineStyle: { color: theme.textSoft, width: 1, type: 'dashed', opacity: 0.7 },
    data: xs.map((x) => [x, (sign * product) / x]).filter(([, y]) => Math.abs(y ?? 0) <= tallest * 1.1)
  })
  return scale === 'log' ? [curve(1)] : [curve(1), curve(-1)]
}

/** The few that carry most influence in full colour, the others pale. */
function colour(point: ActivationGradientPoint, theme: ChartTheme, strong: boolean): string {
  if (point.score === 0) return theme.line
  if (point.score < 0) return theme.diverging[strong ? 0 : 1]
  return theme.diverging[strong ? 4 : 3]
}

function tag(point: ActivationGradientPoint, theme: ChartTheme): object {
  return {
    show: true,
    position: 'left',
    formatter: String(point.latent),
    color: theme.text,
    fontSize: 10.5,
    textBorderColor: theme.background,
    textBorderWidth: 3
  }
}

/** Logarithmic axes end a little beyond the data, so that no mark is cut. */
function axisRange(values: readonly number[], scale: 'linear' | 'log'): object {
  if (scale === 'linear') return { type: 'value', scale: true }
  if (values.length === 0) return { type: 'log' }
  return { type: 'log', min: Math.min(...values) / 1.5, max: Math.max(...values) * 1.8 }
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** Powers of ten on logarithmic axes; the ends, which are none, stay blank. */
function axisLabel(theme: ChartTheme, scale: 'linear' | 'log'): object {
  return {
    color: theme.textSoft,
    fontSize: 10.5,
    hideOverlap: true,
    formatter: scale === 'log' ? powerOfTen : (value: number) => formatNumber(value, 2)
  }
}

function powerOfTen(value: number): string {
  const power = Math.log10(value)
  if (Math.abs(power - Math.round(power)) > 1e-6) return ''
  if (power >= -2 && power <= 3) return formatNumber(value, 1)
  const digits = [...String(Math.abs(Math.round(power)))].map((digit) => SUPERSCRIPTS[Number(digit)] ?? '').join('')
  return `10${power < 0 ? '⁻' : ''}${digits}`
}

function tip(points: readonly ActivationGradientPoint[], mark: unknown, unit: string): string {
  const latent = markLatent(typeof mark === 'object' && mark !== null ? Reflect.get(mark, 'data') : null)
  const point = points.find((each) => each.latent === latent)
  if (!point) return ''
  const lines = [
    `#${point.rank} latent ${point.latent}`,
    ...(point.label === null ? [] : [escapeHtml(point.label)]),
    `activation <b>${formatNumber(point.activation)}</b>`,
    `gradient <b>${formatSigned(point.gradient)}</b>`,
    `influence <b>${formatSigned(point.score)}</b> ${escapeHtml(unit)}`
  ]
  return lines.join('<br>')
}

function summary({ points, carriers }: ActivationGradientData): string {
  if (points.length === 0) return 'No latent is active.'
  return `${points.length} latents are active; ${carriers} of them (${formatShare(carriers / points.length, 2)}) carry 80 % of the total absolute influence.`
}
