/** Words for prompt sets and runs over them. */
import { promptText as textOf } from '../../shared/prompt-text'
import type { Interval, SetColumns, SetPrompt, SetRunSummary } from '../../shared/records/sets'
import { formatCount, formatNumber, formatShare, formatSigned } from './format'

/** The name of a file without folders and ending. */
export function stemOf(path: string): string {
  const last = path.split(/[\\/]/).pop() ?? 'Prompts'
  return last.replace(/\.(jsonl|csv)$/i, '')
}

/** What a set's prompt asks, as text; exact ids as they are. */
export const promptText = ({ prompt }: Pick<SetPrompt, 'prompt'>): string => textOf(prompt)

/** The parts of a set's row that a file may hold, and what they are for. */
export const COLUMN_HINTS: Record<keyof SetColumns, { label: string; hint: string }> = {
  prompt: { label: 'Prompt', hint: 'The text, or exact token ids' },
  id: { label: 'Id', hint: 'What names the prompt; its row number otherwise' },
  answer: { label: 'Answer', hint: 'The expected text after the prompt' },
  target: { label: 'Target', hint: 'The token to explain, where it is not the answer’s first' },
  counterfactual: { label: 'Counterfactual', hint: 'A prompt of as many tokens whose activations are patched in' },
  group: { label: 'Group', hint: 'Sides that are compared with each other' },
  paraphrase: { label: 'Paraphrase', hint: 'A name shared by prompts that say the same' }
}

/** How far a run is. */
export type RunState = 'running' | 'unfinished' | 'finished'

export function runState(run: Pick<SetRunSummary, 'done' | 'batches'>, running: boolean): RunState {
  if (running) return 'running'
  return run.batches > 0 && run.done >= run.batches ? 'finished' : 'unfinished'
}

/** `stored`: how many prompts are, where that is known; else it is told from the batches, which differ in size. */
export function runWords(run: Pick<SetRunSummary, 'done' | 'batches' | 'prompts'>, running: boolean, stored: number | null = null): string {
  const state = runState(run, running)
  if (state === 'finished') return 'finished'
  if (run.batches === 0) return running ? 'running' : 'not begun'
  const about = `about ${formatCount(Math.round((run.prompts * run.done) / run.batches))}`
  const share = `${stored === null ? about : formatCount(stored)} of ${formatCount(run.prompts)} prompts`
  return state === 'running' ? `running, ${share}` : `paused, ${share}`
}

/** The same where there is little room: "paused, 40 %". */
export function runShort(run: Pick<SetRunSummary, 'done' | 'batches' | 'prompts'>, running: boolean): string {
  const state = runState(run, running)
  if (state === 'finished') return ''
  if (run.batches === 0) return running ? 'running' : 'not begun'
  return `${state === 'running' ? 'running' : 'paused'}, ${formatShare(Math.floor((run.done / run.batches) * 100) / 100)}`
}

/** Characters of a prompt's end that lists show. */
const TAIL = 200

/** The end of a prompt, which is what its result is about; lists cut it at its beginning. */
export const tail = (text: string): string => (text.length > TAIL ? `…${text.slice(-TAIL)}` : text)

/** At most `length` characters, the last of them an ellipsis where some are left out. */
export const shortened = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)

/** "4.8 % (3.5 % to 6.1 %)" */
export const shareWords = ({ value, low, high }: Interval): string => `${formatShare(value)} (${formatShare(low)} to ${formatShare(high)})`

/** "+0.12 (0.08 to 0.17)" */
export const intervalWords = ({ value, low, high }: Interval): string =>
  `${formatSigned(value)} (${formatSigned(low)} to ${formatSigned(high)})`

/** A share in whole percent, which lists can be read by: "83 %", "< 1 %". */
export const percentWords = (share: number): string => (share > 0 && share < 0.01 ? '< 1\u00a0%' : `${Math.round(share * 100)}\u00a0%`)

/**
 * The end of a scale from 0 on which intervals are drawn: what `share` of them stay within, so that a few long ones need not make points
 * of the others; 0 without any.
 */
export function intervalLimit(intervals: readonly Interval[], share: number): number {
  const ends = intervals.map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high))).sort((a, b) => a - b)
  return ends[Math.floor((ends.length - 1) * share)] ?? 0
}

/** A p-value or q-value, small ones as a bound. */
export const probabilityWords = (p: number | null): string => (p === null ? '' : p < 1e-4 ? '< 0.0001' : formatNumber(p, 2))

/** Whether an interval leaves 0 out. */
export const apart = ({ low, high }: Interval): boolean => low > 0 || high < 0
