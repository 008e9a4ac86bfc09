import { expect, it } from 'vitest'
import { takeTurns } from '../../../../src/renderer/utils/turns'

/** A clock of frames that the test moves. */
function clock(): { schedule: (next: () => void) => void; frame: () => void } {
  let waiting: (() => void)[] = []
  return {
    schedule: (next) => void waiting.push(next),
    frame: () => {
      const now = waiting
      waiting = []
      for (const each of now) each()
    }
  }
}

it('one part works per frame, in the order they asked, with its newest work', () => {
  const { schedule, frame } = clock()
  const turns = takeTurns(schedule)
  const [a, b] = [{}, {}]
  const done: string[] = []
  turns.ask(a, () => done.push('a, old'))
  turns.ask(b, () => done.push('b'))
  turns.ask(a, () => done.push('a'))
  expect(done).toEqual([])
  frame()
  expect(done).toEqual(['a'])
  frame()
  frame()
  expect(done).toEqual(['a', 'b'])
})

it('a part that left is not called, and one that asks again waits behind the others', () => {
  const { schedule, frame } = clock()
  const turns = takeTurns(schedule)
  const [a, b, c] = [{}, {}, {}]
  const done: string[] = []
  const again = (): void => {
    done.push('a')
    turns.ask(a, again)
  }
  turns.ask(a, again)
  turns.ask(b, () => done.push('b'))
  turns.ask(c, () => done.push('c'))
  turns.leave(b)
  frame()
  frame()
  frame()
  expect(done).toEqual(['a', 'c', 'a'])
})
