import type { AggregateLatent, Interval } from '../../../shared/records/sets'
import { formatNumber, formatSigned } from '../../utils/format'
import { percentWords, probabilityWords } from '../../utils/sets'
import type { DataColumn } from '../ui'

export interface AggregateColumns {
  readonly labels: ReadonlyMap<number, string>
  /** Unit of a score. */
  readonly unit: string
  readonly topK: number
  /** Groups that are compared. */
  readonly groups: readonly [string, string] | null
}

type Column = DataColumn<AggregateLatent>

/** Columns of what a run says of each latent; where groups are compared, what separates them comes first. */
export function aggregateColumns({ labels, unit, topK, groups }: AggregateColumns): Column[] {
  return [
    { id: 'latent', header: 'latent', value: ({ latent }) => latent, size: 58, align: 'end' },
    { id: 'label', header: 'label', value: ({ latent }) => labels.get(latent) ?? null, size: 96, grow: true },
    ...(groups ? differenceColumns(groups, unit) : []),
    {
      id: 'mean',
      header: 'mean',
      hint: `Mean influence: mean score over all prompts, 0 where it is not active. Unit: ${unit}`,
      value: ({ mean }) => mean.value,
      text: ({ mean }) => formatSigned(mean.value),
      size: 92,
      align: 'end',
      descendingFirst: true
    },
    ...(groups ? [] : [intervalColumn('Mean over all prompts', ({ mean }) => mean)]),
    share('active', 'active', 'Share of prompts in which it is active', ({ active }) => active),
    share('top', `top ${topK}`, `Share of prompts in which it is among the first ${topK}`, ({ inTop }) => inTop),
    {
      id: 'act',
      header: 'act.',
      hint: 'Largest activation in any prompt',
      value: ({ maxActivation }) => maxActivation,
      text: ({ maxActivation }) => formatNumber(maxActivation),
      size: 62,
      align: 'end',
      descendingFirst: true
    }
  ]
}

function differenceColumns([first, second]: readonly [string, string], unit: string): Column[] {
  return [
    {
      id: 'difference',
      header: 'difference',
      hint: `Mean score in “${first}” minus mean score in “${second}”. Unit: ${unit}`,
      value: ({ difference }) => difference?.value ?? null,
      text: ({ difference }) => (difference ? formatSigned(difference.value) : ''),
      size: 92,
      align: 'end',
      descendingFirst: true
    },
    intervalColumn(`“${first}” minus “${second}”`, ({ difference }) => difference),
    probability('p', 'Mann-Whitney p of the two groups’ scores', ({ p }) => p),
    probability('q', 'p corrected for the number of latents (Benjamini-Hochberg); below 0.05 the groups differ', ({ q }) => q)
  ]
}

/** Drawn by a slot; as text, for copying, the numbers. */
function intervalColumn(what: string, of: (row: AggregateLatent) => Interval | null): Column {
  const words = (row: AggregateLatent): string => {
    const interval = of(row)
    return interval ? `${formatSigned(interval.low)} to ${formatSigned(interval.high)}` : ''
  }
  const hint = `${what}: from the 2.5th to the 97.5th percentile over resampled prompts. The line is 0; a few that are much longer than the others may be cut.`
  return { id: 'interval', header: '95 % interval', hint, value: words, size: 112, sortable: false }
}

function share(id: string, header: string, hint: string, value: (row: AggregateLatent) => number): Column {
  return { id, header, hint, value, text: (row) => percentWords(value(row)), size: 64, align: 'end', descendingFirst: true }
}

function probability(id: string, hint: string, value: (row: AggregateLatent) => number | null): Column {
  return { id, header: id, hint, value, text: (row) => probabilityWords(value(row)), size: 76, align: 'end' }
}
