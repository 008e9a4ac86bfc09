import { describe, expect, it } from 'vitest'
import { actsAt, changesNothing, checkInterventions, formatIntervention, parseIntervention } from '../../../src/main/steering/interventions'
import type { Intervention, InterventionPositions } from '../../../src/shared/records/steering'

describe('intervention syntax', () => {
  it.each([
    ['402:add:8', { latent: 402, mode: 'add', coefficient: 8, positions: 'all' }],
    ['402:add:-8.5:generated', { latent: 402, mode: 'add', coefficient: -8.5, positions: 'generated' }],
    ['0:set:1e2:last', { latent: 0, mode: 'set', coefficient: 100, positions: 'last' }],
    [' 7 : scale : 0.5 : prompt ', { latent: 7, mode: 'scale', coefficient: 0.5, positions: 'prompt' }],
    ['7:ablate', { latent: 7, mode: 'ablate', coefficient: 0, positions: 'all' }],
    ['7:ablate::last', { latent: 7, mode: 'ablate', coefficient: 0, positions: 'last' }]
  ] as const)('reads %s', (text, expected) => {
    const intervention = parseIntervention(text)
    expect(intervention).toEqual(expected)
    expect(parseIntervention(formatIntervention(intervention))).toEqual(intervention)
  })

  it.each([
    ['402', 'it has 1 part between colons'],
    ['402:add:8:all:more', 'it has 5 parts between colons'],
    ['x:add:8', '"x" is not the number of a latent'],
    ['-1:add:8', '"-1" is not the number of a latent'],
    ['402:push:8', 'the mode "push" is not one of add, set, scale, ablate'],
    ['402:add', 'the coefficient is missing'],
    ['402:add:much', 'the coefficient "much" is not a number'],
    ['402:add:Infinity', 'the coefficient "Infinity" is not a number'],
    ['402:add:8:first', 'the positions "first" are not one of all, prompt, generated, last']
  ])('refuses %s and says why', (text, reason) => {
    expect(() => parseIntervention(text)).toThrow(`The intervention "${text}" cannot be used: ${reason}.`)
  })

  it('refuses a latent that the SAE does not have', () => {
    const outside: Intervention = { latent: 2048, mode: 'add', coefficient: 1, positions: 'all' }
    expect(() => checkInterventions([outside], { name: 'layer 3', d_sae: 2048 })).toThrow('The SAE layer 3 has no latent 2048.')
  })
})

describe('position scopes', () => {
  it.each([
    ['all', [true, true, true, true, true]],
    ['prompt', [true, true, true, false, false]],
    ['generated', [false, false, false, true, true]],
    ['last', [false, false, true, true, true]]
  ] as const)('%s covers its positions of a prompt of 3 and 2 generated tokens', (scope: InterventionPositions, expected) => {
    expect([0, 1, 2, 3, 4].map((position) => actsAt({ positions: scope }, position, 3))).toEqual(expected)
  })
})

describe('recipes that change nothing', () => {
  const edit = (mode: Intervention['mode'], coefficient: number): Intervention => ({ latent: 1, mode, coefficient, positions: 'all' })
  it.each([
    ['an empty one', [], true, true],
    ['adding nothing and scaling by one', [edit('add', 0), edit('scale', 1)], true, true],
    ['setting to zero', [edit('set', 0)], true, false],
    ['ablating', [edit('ablate', 0)], true, false],
    ['an empty one without the error term', [], false, false]
  ] as const)('%s', (_, interventions, keepError, expected) => {
    expect(changesNothing({ id: 'r', name: 'r', interventions: [...interventions], keepError })).toBe(expected)
  })
})
