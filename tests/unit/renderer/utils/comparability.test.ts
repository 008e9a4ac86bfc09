import { describe, expect, it } from 'vitest'
import { differences } from '../../../../src/renderer/utils/comparability'
import { rankingOf } from '../support'

const base = rankingOf([[1, 1]])

describe('differences between rankings', () => {
  it('are none between a ranking and itself, or for a single one', () => {
    expect(differences([base, base])).toEqual([])
    expect(differences([base])).toEqual([])
  })

  it('of the SAE are told by its hash, even under the same name', () => {
    const other = rankingOf([], { provenance: { ...base.provenance, sae: { ...base.provenance.sae, hash: 'sha256:cccccccccccc' } } })
    expect(differences([base, other])).toEqual([{ kind: 'latents', what: 'SAE', values: ['topk (bbbbbbbb)', 'topk (cccccccc)'] }])
  })

  it('of method, substitution, aggregation and target kind make scores incomparable', () => {
    const other = rankingOf([], {
      method: 'attribution',
      substitution: 'reconstruction+error',
      aggregation: 'signed-sum',
      target: { ...base.target, kind: 'logit' }
    })
    expect(differences([base, other]).map(({ kind, what }) => [kind, what])).toEqual([
      ['scores', 'method'],
      ['scores', 'substitution'],
      ['scores', 'aggregation'],
      ['scores', 'kind of target']
    ])
  })

  it('of prompt and target token are named with what they are', () => {
    const other = rankingOf([], { target: { ...base.target, id: 7, text: ' happy' }, tokens: base.tokens.slice(0, 2) })
    expect(differences([base, other])).toEqual([
      { kind: 'question', what: 'target', values: ['·sad', '·happy'] },
      { kind: 'question', what: 'prompt', values: ['3 tokens, ending in <s>Mia·was', '2 tokens, ending in <s>Mia'] }
    ])
  })

  it('of positions, frozen parts, steps and counterfactual put scores on other scales', () => {
    const other = rankingOf([], {
      scope: { kind: 'range', from: 1, to: 2 },
      frozen: { attention: true, norms: false },
      steps: 32,
      counterfactual: { text: 'Mia wasn’t' }
    })
    expect(differences([base, other])).toEqual([
      { kind: 'scores', what: 'positions', values: ['all positions', 'positions 1 to 2'] },
      { kind: 'scores', what: 'frozen', values: ['nothing', 'attention'] },
      { kind: 'scores', what: 'steps', values: ['none', '32'] },
      { kind: 'scores', what: 'counterfactual', values: ['none', 'Mia wasn’t'] }
    ])
  })

  it('of targets of several terms are told by their tokens, weights and place; an old record of one token equals a new one', () => {
    const token = { id: 563, text: ' sad', special: false }
    const term = { position: 2, token, weight: 1, logit: 12, probability: 0.9 }
    const now = rankingOf([], { target: { ...base.target, terms: [term] } })
    expect(differences([base, now])).toEqual([])
    const difference = { ...base.target, label: 'logit of " sad" minus logit of " glad"' }
    const terms = [term, { ...term, token: { ...token, id: 8 }, weight: -1 }]
    const two = rankingOf([], { target: { ...difference, terms } })
    expect(differences([base, two])).toEqual([{ kind: 'question', what: 'target', values: ['·sad', difference.label] }])
    const turned = rankingOf([], { target: { ...difference, terms: terms.map((each) => ({ ...each, weight: -each.weight })) } })
    expect(differences([two, turned]).map(({ what }) => what)).toEqual(['target'])
    const earlier = rankingOf([], { target: { ...base.target, terms: [{ ...term, position: 1 }] } })
    expect(differences([base, earlier])).toEqual([{ kind: 'question', what: 'target', values: ['·sad', '·sad after position 1'] }])
  })
})
