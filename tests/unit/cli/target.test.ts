import { describe, expect, it } from 'vitest'
import { target, targetKind, targetPosition } from '../../../src/main/cli/target'
import { failureOf } from '../../support/failing'

describe('the target on the command line', () => {
  it('is one token, tokens on two sides, a continuation, a span, or left to the model', () => {
    expect(target({})).toBeNull()
    expect(target({ target: [' sad'] })).toEqual({ text: ' sad' })
    expect(target({ 'target-id': ['402'] })).toEqual({ id: 402 })
    expect(target({ target: [' sad', ' cried'], 'against-id': ['7'] })).toEqual({
      plus: [{ text: ' sad' }, { text: ' cried' }],
      minus: [{ id: 7 }]
    })
    expect(target({ continuation: ' and went home' })).toEqual({ continuation: { text: ' and went home' } })
    expect(target({ span: '3:7' })).toEqual({ from: 3, to: 7 })
  })

  it.each([
    [{ target: ['a'], span: '1:2' }, 'Give --target, --continuation or --span, not several of them.'],
    [{ target: ['a'], 'target-id': ['3'] }, 'Give --target or --target-id once; several need --against, too.'],
    [{ span: '3-7' }, '--span takes two positions such as 3:7, not "3-7".'],
    [{ 'target-id': ['x'] }, '--target-id takes a whole number']
  ])('of %j is refused', async (values, reason) => {
    expect(await failureOf(() => target(values))).toContain(reason)
  })

  it('has a kind and a position, when they are given', async () => {
    expect(targetKind({})).toBeUndefined()
    expect(targetKind({ 'target-kind': 'logit' })).toBe('logit')
    expect(await failureOf(() => targetKind({ 'target-kind': 'loss' }))).toContain(
      'There is no target "loss"; there are probability, logit,'
    )
    expect(targetPosition({})).toBeNull()
    expect(targetPosition({ position: '0' })).toBe(0)
  })
})
