/** Directions from groups of prompts, beside a recomputation with one plain run for each prompt. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelSessions, forwardResid, openModel, promptIds, type ModelSessions } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { vectorOf } from '../../../src/main/steering/vector-text'
import { meanDifference } from '../../../src/main/vectors'
import { Cancelled } from '../../../src/shared/errors'
import type { PromptInput } from '../../../src/shared/records/token'
import { quietTask } from '../../../src/shared/task'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL, largestGap } from '../../support/models'

let sessions: ModelSessions
beforeAll(async () => {
  sessions = createModelSessions(openSession, await openModel(DEFAULT_MODEL), 'cpu')
})
afterAll(() => sessions.release())

const HOOK = 'blocks.2.hook_resid_post'
/** Different lengths, so that batches are padded; ids with the special token in the middle, too. */
const HAPPY: PromptInput[] = [
  { text: 'Lily was very happy because the sun was out and' },
  { text: 'Tom smiled' },
  { ids: [0, 30, 0, 41, 52] }
]
const SAD: PromptInput[] = [{ text: 'Lily was very sad because' }, { text: 'Tom cried all day and' }]

/** Sums in float64, one prompt after the other, from runs of one prompt. */
async function meanOf(prompts: readonly PromptInput[], position: 'last' | 'mean'): Promise<number[]> {
  const values: number[][] = []
  for (const prompt of prompts) {
    const ids = promptIds(sessions.model, prompt)
    const { data } = await forwardResid(sessions, ids, HOOK)
    const kept = ids.flatMap((id, index) => ((position === 'last' ? index === ids.length - 1 : id !== 0) ? [index] : []))
    values.push(Array.from({ length: 192 }, (_, i) => kept.reduce((sum, at) => sum + (data[at * 192 + i] ?? NaN), 0) / kept.length))
  }
  return Array.from({ length: 192 }, (_, i) => values.reduce((sum, value) => sum + (value[i] ?? NaN), 0) / values.length)
}

describe('the difference of means', () => {
  it.each(['last', 'mean'] as const)('is that of plain runs of each prompt, position %s', async (position) => {
    const request = {
      hook: HOOK,
      name: 'joy',
      groups: [
        { name: 'joy', prompts: HAPPY },
        { name: 'sorrow', prompts: SAD }
      ] as const,
      position
    }
    const direction = await meanDifference(sessions, request, quietTask())
    const [happy, sad] = [await meanOf(HAPPY, position), await meanOf(SAD, position)]
    const expected = happy.map((number, index) => number - (sad[index] ?? NaN))
    // A batch and a single run sum in other orders: a few units in the last place of values up to 100 at the first position, 1e-5 each.
    expect(largestGap(vectorOf(direction, 192), expected)).toBeLessThan(1e-4)
    expect(Math.hypot(...expected)).toBeGreaterThan(1)
    expect(direction).toMatchObject({ name: 'joy', hook: HOOK })
    expect(direction.origin).toBe(
      `mean of 3 prompts of joy minus mean of 2 prompts of sorrow, ${position === 'last' ? 'last position' : 'mean over positions without special tokens'}`
    )
  })

  it('reports progress over both groups and ends when it is cancelled', async () => {
    const groups = [
      { name: 'a', prompts: HAPPY },
      { name: 'b', prompts: SAD }
    ] as const
    const stages: string[] = []
    const control = new AbortController()
    const task = {
      signal: control.signal,
      progress: (stage: string, done: number, total: number) => void stages.push(`${stage} ${done} of ${total}`)
    }
    await meanDifference(sessions, { hook: HOOK, name: 'd', groups, position: 'last' }, task)
    expect(stages).toEqual(['Reading prompts 0 of 5', 'Reading prompts 3 of 5'])
    control.abort()
    await expect(meanDifference(sessions, { hook: HOOK, name: 'd', groups, position: 'last' }, task)).rejects.toThrow(Cancelled)
  })

  it('refuses unknown places, prompts that do not count, and groups that are the same', async () => {
    const of = (hook: string, first: PromptInput[], second: PromptInput[]): Promise<string> =>
      failureOf(() =>
        meanDifference(
          sessions,
          {
            hook,
            name: 'joy',
            groups: [
              { name: 'a', prompts: first },
              { name: 'b', prompts: second }
            ],
            position: 'mean'
          },
          quietTask()
        )
      )
    expect(await of('blocks.9.hook_resid_post', HAPPY, SAD)).toContain('has no hook point')
    expect(await of(HOOK, [{ text: '' }], SAD)).toContain('The prompt is empty')
    expect(await of(HOOK, [{ ids: [0] }], SAD)).toContain('nothing but special tokens')
    expect(await of(HOOK, SAD, SAD)).toContain('The direction "joy" cannot be used: the means of both groups are the same.')
  })
})
