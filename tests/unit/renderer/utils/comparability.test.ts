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
      { kind: 'question', what: 'target token', values: ['·sad', '·happy'] },
      { kind: 'question', what: 'prompt', values: ['3 tokens, ending in <s>Mia·was', '2 tokens, ending in <s>Mia'] }
    ])
  })
})
