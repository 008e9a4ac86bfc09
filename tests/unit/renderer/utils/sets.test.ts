import { expect, it } from 'vitest'
import {
  apart,
  intervalLimit,
  intervalWords,
  percentWords,
  probabilityWords,
  promptText,
  runShort,
  runState,
  runWords,
  shareWords,
  shortened,
  stemOf,
  tail
} from '../../../../src/renderer/utils/sets'

it('a set is named after its file, without folders and ending', () => {
  expect([stemOf('/a/b/Questions.jsonl'), stemOf('C:\\x\\q.CSV'), stemOf('plain')]).toEqual(['Questions', 'q', 'plain'])
})

it('a run is running, paused or finished, and says of how many prompts', () => {
  const run = { done: 3, batches: 6, prompts: 1000 }
  expect([
    runState(run, true),
    runState(run, false),
    runState({ ...run, done: 6 }, false),
    runState({ done: 0, batches: 0 }, false)
  ]).toEqual(['running', 'unfinished', 'finished', 'unfinished'])
  expect(runWords(run, true)).toBe('running, about 500 of 1000 prompts')
  expect(runWords(run, false)).toBe('paused, about 500 of 1000 prompts')
  expect(runWords(run, false, 412)).toBe('paused, 412 of 1000 prompts')
  expect([runShort(run, true), runShort(run, false), runShort({ ...run, done: 6 }, false)]).toEqual([
    'running, 50\u00a0%',
    'paused, 50\u00a0%',
    ''
  ])
  expect(runWords({ done: 0, batches: 0, prompts: 5 }, false)).toBe('not begun')
  expect(runWords({ ...run, done: 6 }, false)).toBe('finished')
})

it('an interval is told with its ends, and said to leave 0 out only when it does', () => {
  expect(intervalWords({ value: 0.5, low: 0.25, high: 0.75 })).toBe('+0.500 (+0.250 to +0.750)')
  expect(shareWords({ value: 0.5, low: 0.25, high: 0.75 })).toBe('50\u00a0% (25\u00a0% to 75\u00a0%)')
  expect([
    apart({ value: 1, low: 0.1, high: 2 }),
    apart({ value: -1, low: -2, high: -0.1 }),
    apart({ value: 1, low: -0.1, high: 2 })
  ]).toEqual([true, true, false])
})

it('a tiny p is told as a bound, a missing one as nothing', () => {
  expect([probabilityWords(null), probabilityWords(1e-9), probabilityWords(0.031)]).toEqual(['', '< 0.0001', '0.031'])
})

it('a prompt of exact ids is shown as its ids', () => {
  expect([promptText({ prompt: { text: 'a b' } }), promptText({ prompt: { ids: [1, 2] } })]).toEqual(['a b', '1 2'])
})

it('of a long prompt the end is kept, of a long name the beginning', () => {
  expect([shortened('sorrow', 6), shortened('sorrows', 6)]).toEqual(['sorrow', 'sorro…'])
  expect([tail('short'), tail(`${'a'.repeat(300)}b`)]).toEqual(['short', `…${'a'.repeat(199)}b`])
})

it('shares are told in whole percent, and one that is not 0 never as 0', () => {
  expect([0, 0.001, 0.825, 1].map(percentWords)).toEqual(['0\u00a0%', '< 1\u00a0%', '83\u00a0%', '100\u00a0%'])
})

it('the scale of intervals holds the share of them that is asked for', () => {
  const intervals = Array.from({ length: 21 }, (_, at) => ({ value: 0, low: -at, high: 0 }))
  expect([
    intervalLimit(intervals, 1),
    intervalLimit(intervals, 0.95),
    intervalLimit(intervals.slice(3, 4), 0.95),
    intervalLimit([], 1)
  ]).toEqual([20, 19, 3, 0])
})
