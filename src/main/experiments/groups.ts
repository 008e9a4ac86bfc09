/** Questions about the same text. */
import type { SetPrompt } from '../../shared/records/sets'
import { normalisedAnswer } from '../statistics/squad'

/** Places of prompts that belong together. */
export interface Group {
  readonly name: string
  readonly places: readonly number[]
}

/**
 * Groups of two prompts or more, in the order of their first ones: by the group they name, else by the text before the last "Question:"
 * at the beginning of a line.
 */
export function groupsOf(prompts: readonly SetPrompt[]): Group[] {
  const groups = new Map<string, { name: string; places: number[] }>()
  prompts.forEach((prompt, place) => {
    const key = keyOf(prompt)
    if (key === null) return
    const group = groups.get(key) ?? { name: prompt.group ?? prompt.id, places: [] }
    group.places.push(place)
    groups.set(key, group)
  })
  return [...groups.values()].filter(({ places }) => places.length > 1)
}

function keyOf({ group, prompt }: SetPrompt): string | null {
  if (group !== null) return `group ${group}`
  if (!('text' in prompt)) return null
  const at = prompt.text.lastIndexOf('\nQuestion:')
  return at < 0 ? null : `text ${prompt.text.slice(0, at)}`
}

/** For each place the next one of its group, in a circle, whose answer is another; left out where there is none. */
export function partnersOf(prompts: readonly SetPrompt[], places: readonly number[]): { place: number; other: number }[] {
  const answerOf = (place: number): string => normalisedAnswer(prompts[place]?.answer ?? '')
  return places.flatMap((place, at) => {
    const round = [...places.slice(at + 1), ...places.slice(0, at)]
    const other = round.find((candidate) => answerOf(candidate) !== answerOf(place))
    return other === undefined ? [] : [{ place, other }]
  })
}
