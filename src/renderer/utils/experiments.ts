/** Words for experiments: their names, their states, and how long is left. */
import type { ExperimentName, ExperimentSummary, Reproduction } from '../../shared/records/experiment'
import type { SetPrompt } from '../../shared/records/sets'
import { formatCount, formatNumber, plural } from './format'

/** Short names, for lists and for the names that saved ones get. */
export const EXPERIMENT_NAMES: Record<ExperimentName, string> = {
  masking: 'Masking',
  transplant: 'Transplant',
  faithfulness: 'Faithfulness',
  agreement: 'Agreement',
  sweep: 'Sweep',
  steerability: 'Steerability'
}

export interface ExperimentStatus {
  kind: 'running' | 'unfinished' | 'finished' | 'reproduced' | 'differs'
  words: string
}

/** What lists say of an experiment; `running` where it is at work now, with what is stored by now. */
export function statusOf(
  summary: Pick<ExperimentSummary, 'done' | 'parts' | 'sentence' | 'repeats'>,
  running: { done: number; parts: number } | null
): ExperimentStatus {
  if (running) return { kind: 'running', words: running.parts > 0 ? `running, ${share(running)}` : 'running' }
  if (summary.sentence === null) return { kind: 'unfinished', words: summary.done > 0 ? `unfinished, ${share(summary)}` : 'not begun' }
  if (summary.repeats?.same === true) return { kind: 'reproduced', words: 'reproduced' }
  if (summary.repeats?.same === false) return { kind: 'differs', words: 'did not reproduce' }
  return { kind: 'finished', words: 'finished' }
}

const share = ({ done, parts }: { done: number; parts: number }): string => `${formatCount(done)} of ${formatCount(parts)}`

/** Milliseconds left if the parts still to come take as long as those of this run; null while there is too little to go by. */
export function timeLeft(run: { startedAt: number; before: number; done: number; parts: number }, now: number): number | null {
  const made = run.done - run.before
  const passed = now - run.startedAt
  if (made <= 0 || run.parts <= run.done || passed < 100) return null
  return (passed / made) * (run.parts - run.done)
}

/** One sentence on whether a repeated experiment came to the same. */
export function reproductionWords({ same, largest, differences }: Reproduction): string {
  if (same) return 'Reproduced bit for bit: every number of the result is the same.'
  const where = differences[0] ? `: ${differences[0]}` : ''
  const more = differences.length > 1 ? ` (and ${plural(differences.length - 1, 'other difference')})` : ''
  return `It did not reproduce. The largest difference between two numbers is ${formatNumber(largest)}${where}${more}.`
}

/** What stands in the way of running an experiment on these prompts; null when nothing does. */
export function promptsProblem(prompts: readonly SetPrompt[], needsAnswers: boolean): string | null {
  if (prompts.length === 0) return 'There is no prompt in this set.'
  if (needsAnswers && prompts.every(({ answer }) => answer === null))
    return 'No prompt of this set has an expected answer, and this experiment scores answers.'
  return null
}

/** What a person should know of the prompts before running; '' when nothing. */
export function promptsNote(prompts: readonly SetPrompt[], needsAnswers: boolean): string {
  const without = needsAnswers ? prompts.filter(({ answer }) => answer === null).length : 0
  return without > 0 && without < prompts.length ? `${plural(without, 'prompt')} without an answer` : ''
}

/** `stem`, or with a number behind it where that is taken. */
export function freeName(stem: string, taken: readonly string[]): string {
  if (!taken.includes(stem)) return stem
  for (let number = 2; ; number++) if (!taken.includes(`${stem} ${number}`)) return `${stem} ${number}`
}
