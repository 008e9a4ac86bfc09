/** What the model answers when latents are changed: all variants of a prompt as rows of one batch. */
import type { Intervention, Recipe } from '../../shared/records/steering'
import type { Task } from '../../shared/task'
import type { Bench } from '../attribution'
import { generateColumns } from '../steering/generate'
import { openSteering } from '../steering/open'
import { continuationText } from '../steering/text'

/** How answers are generated: greedily, up to the end of the line. */
export interface AnswerSettings {
  readonly maxTokens: number
  /** Whether the SAE's error term stays: otherwise the (changed) reconstruction alone is written at every position. */
  readonly keepError: boolean
}

/**
 * The answer under each list of changes: the greedy continuation of `promptIds` up to the first line break, the model's end token or
 * `maxTokens` tokens, trimmed. Equal lists share a row; an empty one is the spliced model itself.
 * @throws CONTEXT_FULL, NUMBERS_NOT_FINITE; rejects with Cancelled between tokens
 */
export async function answersUnder(
  bench: Bench,
  promptIds: readonly number[],
  changes: readonly (readonly Intervention[])[],
  { maxTokens, keepError }: AnswerSettings,
  task: Task
): Promise<string[]> {
  const keys = changes.map((interventions) => JSON.stringify(interventions))
  const distinct = [...new Map(keys.map((key, index) => [key, changes[index] ?? []]))]
  const recipes = distinct.map(([key, interventions]): Recipe => ({ id: key, name: key, interventions: [...interventions], keepError }))
  const steering = await openSteering({ sessions: bench.sessions, sae: bench }, recipes)
  const { tokenizer } = bench.sessions.model
  const columns = await generateColumns(
    steering,
    {
      promptIds,
      recipes,
      settings: { maxTokens, temperature: 0, topK: 0, topP: 1, seed: 0, stopAtEnd: true },
      target: null,
      stop: ({ text }) => text.includes('\n')
    },
    task,
    () => undefined
  )
  const texts = new Map(
    columns.map(({ tokens }, column) => [
      distinct[column]?.[0],
      firstLine(
        continuationText(
          tokenizer,
          promptIds,
          tokens.map(({ id }) => id)
        )
      )
    ])
  )
  return keys.map((key) => texts.get(key) ?? '')
}

/** The latents of a set, each zeroed at every position of prompt and answer. Ascending, so that equal sets are equal lists. */
export function zeroed(latents: readonly number[]): Intervention[] {
  return [...latents].sort((a, b) => a - b).map((latent) => ({ latent, mode: 'ablate', coefficient: 0, positions: 'all' }))
}

/** What stands before the first line break, trimmed. */
export function firstLine(text: string): string {
  return (text.split(/[\r\n]/)[0] ?? '').trim()
}
