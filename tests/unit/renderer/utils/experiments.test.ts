import { describe, expect, it } from 'vitest'
import { freeName, promptsNote, promptsProblem, reproductionWords, statusOf, timeLeft } from '../../../../src/renderer/utils/experiments'
import { sampleSetPrompts, savedExperiment } from '../../../support/experiments'

describe('the state of an experiment', () => {
  const unfinished = savedExperiment({ sentence: null, done: 3, parts: 40 })

  it('is running where it is at work, unfinished where it stopped, finished when it has its sentence', () => {
    expect(statusOf(unfinished, { done: 4, parts: 40 })).toEqual({ kind: 'running', words: 'running, 4 of 40' })
    expect(statusOf(unfinished, null)).toEqual({ kind: 'unfinished', words: 'unfinished, 3 of 40' })
    expect(statusOf(savedExperiment({ sentence: null, done: 0, parts: 0 }), null).words).toBe('not begun')
    expect(statusOf(savedExperiment(), null).kind).toBe('finished')
  })

  it('of a repeated one is whether it came to the same', () => {
    expect(statusOf(savedExperiment({ repeats: { id: 'a', same: true } }), null).kind).toBe('reproduced')
    expect(statusOf(savedExperiment({ repeats: { id: 'a', same: false } }), null).kind).toBe('differs')
    expect(statusOf(savedExperiment({ repeats: { id: 'a', same: null } }), null).kind).toBe('finished')
  })
})

describe('the time left', () => {
  it('goes by the parts of this run, not by those that were stored before it', () => {
    expect(timeLeft({ startedAt: 0, before: 50, done: 60, parts: 100 }, 10_000)).toBe(40_000)
  })

  it('is unknown before the first part, and nothing after the last', () => {
    expect(timeLeft({ startedAt: 0, before: 50, done: 50, parts: 100 }, 10_000)).toBeNull()
    expect(timeLeft({ startedAt: 0, before: 0, done: 100, parts: 100 }, 10_000)).toBeNull()
  })
})

it('a repeated experiment says that it reproduced, or the largest difference and where', () => {
  expect(reproductionWords({ same: true, largest: 0, differences: [] })).toContain('bit for bit')
  expect(reproductionWords({ same: false, largest: 0.25, differences: ['table masking, row 1, EM', 'the sentence'] })).toBe(
    'It did not reproduce. The largest difference between two numbers is 0.250: table masking, row 1, EM (and 1 other difference).'
  )
})

describe('prompts of an experiment', () => {
  const mute = sampleSetPrompts.map((prompt) => ({ ...prompt, answer: null }))

  it('stand in the way only when there are none, or none with the answer it needs', () => {
    expect(promptsProblem([], false)).toBe('There is no prompt in this set.')
    expect(promptsProblem(mute, true)).toContain('expected answer')
    expect(promptsProblem(mute, false)).toBeNull()
    expect(promptsProblem(sampleSetPrompts, true)).toBeNull()
  })

  it('without an answer are counted', () => {
    expect(promptsNote([...sampleSetPrompts, ...mute], true)).toBe('2 prompts without an answer')
    expect(promptsNote(sampleSetPrompts, true)).toBe('')
  })
})

it('a name that is taken gets a number', () => {
  expect(freeName('Masking', [])).toBe('Masking')
  expect(freeName('Masking', ['Masking', 'Masking 2'])).toBe('Masking 3')
})
