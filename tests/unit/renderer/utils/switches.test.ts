import { expect, it } from 'vitest'
import type { RankingTarget, TargetTerm } from '../../../../src/shared/records/ranking'
import { freezeOf, FREEZES, frozenOf, scopeWords, sideOf, switchesOf, targetOf } from '../../../../src/renderer/utils/switches'
import { rankingOf } from '../support'

const term = (position: number, id: number, weight: number): TargetTerm => ({
  position,
  token: { id, text: ` t${id}`, special: false },
  weight,
  logit: 1,
  probability: 0.1
})
const target = (kind: RankingTarget['kind'], terms: TargetTerm[]): RankingTarget => ({
  ...rankingOf([]).target,
  kind,
  terms,
  chosenBy: 'user'
})

it('what is frozen is named and read back the same', () => {
  for (const freeze of Object.keys(FREEZES) as (keyof typeof FREEZES)[]) expect(freezeOf(frozenOf(freeze))).toBe(freeze)
})

it('a scope is said in words', () => {
  expect([scopeWords({ kind: 'all' }), scopeWords({ kind: 'last' }), scopeWords({ kind: 'range', from: 2, to: 5 })]).toEqual([
    'all positions',
    'the last position',
    'positions 2 to 5'
  ])
})

it('a ranking of one token is asked for again by its id, at its position only where that is not the last', () => {
  const here = rankingOf([], { target: target('logit', [term(2, 563, 1)]) })
  const earlier = rankingOf([], { target: target('logit', [term(1, 563, 1)]) })
  expect([targetOf(here), switchesOf(here).position, switchesOf(earlier).position]).toEqual([{ id: 563 }, null, 1])
})

it('a logit difference is asked for again by the tokens of each side', () => {
  const ranking = rankingOf([], { target: target('logit-difference', [term(2, 5, 0.5), term(2, 6, 0.5), term(2, 9, -1)]) })
  expect(targetOf(ranking)).toEqual({ plus: [{ id: 5 }, { id: 6 }], minus: [{ id: 9 }] })
  expect([sideOf(ranking, 'plus').map(({ id }) => id), sideOf(ranking, 'minus').map(({ id }) => id)]).toEqual([[5, 6], [9]])
})

it('a continuation is asked for again by its ids, a span by the tokens it predicts', () => {
  expect(targetOf(rankingOf([], { target: target('continuation', [term(2, 8, 1), term(3, 9, 1)]) }))).toEqual({
    continuation: { ids: [8, 9] }
  })
  expect(targetOf(rankingOf([], { target: target('cross-entropy', [term(0, 5, -0.5), term(1, 6, -0.5)]) }))).toEqual({ from: 1, to: 2 })
})

it('steps and seed are asked for again only where the method has them', () => {
  expect(switchesOf(rankingOf([]))).not.toHaveProperty('steps')
  expect(switchesOf(rankingOf([], { steps: 32, seed: 4 }))).toMatchObject({ steps: 32, seed: 4 })
})
