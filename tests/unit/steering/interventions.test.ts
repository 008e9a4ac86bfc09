import { describe, expect, it } from 'vitest'
import { actsAt, changesNothing, checkEdit, formatIntervention, parseIntervention } from '../../../src/main/steering/interventions'
import type { Intervention, InterventionPositions } from '../../../src/shared/records/steering'

describe('intervention syntax', () => {
  it.each([
    ['402:add:8', { latent: 402, mode: 'add', coefficient: 8, positions: 'all' }],
    ['402:add:-8.5:generated', { latent: 402, mode: 'add', coefficient: -8.5, positions: 'generated' }],
    ['0:set:1e2:last', { latent: 0, mode: 'set', coefficient: 100, positions: 'last' }],
    [' 7 : scale : 0.5 : prompt ', { latent: 7, mode: 'scale', coefficient: 0.5, positions: 'prompt' }],
    ['7:ablate', { latent: 7, mode: 'ablate', coefficient: 0, positions: 'all' }],
    ['7:ablate::last', { latent: 7, mode: 'ablate', coefficient: 0, positions: 'last' }],
    ['402:add:0.3@residual', { latent: 402, mode: 'add', coefficient: 0.3, unit: 'residual', positions: 'all' }],
    ['402:set:1.5@max=12.4', { latent: 402, mode: 'set', coefficient: 1.5, unit: 'max', unitValue: 12.4, positions: 'all' }],
    ['402:clamp:0..4', { latent: 402, mode: 'clamp', coefficient: 0, upper: 4, positions: 'all' }],
    ['402:clamp:-1', { latent: 402, mode: 'clamp', coefficient: -1, positions: 'all' }],
    ['402:project:0:3-9', { latent: 402, mode: 'project', coefficient: 0, positions: 'range', range: [3, 9] }]
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
    ['402:push:8', 'the mode "push" is not one of add, set, scale, ablate, clamp, project, cap'],
    ['402:add', 'the coefficient is missing'],
    ['402:add:much', 'the coefficient "much" is not a number'],
    ['402:add:Infinity', 'the coefficient "Infinity" is not a number'],
    ['402:add:8:first', 'the positions "first" are not one of all, prompt, generated, last, nor a range like 3-9'],
    ['402:add:8:9-3', 'its range of positions has no first and last position'],
    ['402:add:0..4', 'the coefficient "0..4" is not a number'],
    ['402:clamp:4..0', 'its upper bound 0 is below the lower one, 4'],
    ['402:add:8@metre', 'the unit "metre" is not one of row, unit-row, residual, max, typical, largest'],
    ['402:add:8@max', 'it does not say what its unit "max" stands for'],
    ['402:add:8@max=big', 'what its unit stands for, "big", is not a number'],
    ['402:add:8@row@max', '"8@row@max" names more than one unit'],
    ['402:scale:2@residual', 'scale cannot be counted in the unit residual']
  ])('refuses %s and says why', (text, reason) => {
    expect(() => parseIntervention(text)).toThrow(`The intervention "${text}" cannot be used: ${reason}.`)
  })

  it('refuses a latent that the SAE does not have', () => {
    const outside: Intervention = { latent: 2048, mode: 'add', coefficient: 1, positions: 'all' }
    expect(() => checkEdit(outside, { name: 'layer 3', d_sae: 2048 })).toThrow('The SAE layer 3 has no latent 2048.')
  })
})

describe('edits of directions', () => {
  const along = (given: Partial<Intervention>): Intervention => ({
    latent: 0,
    direction: 'd',
    mode: 'add',
    coefficient: 1,
    positions: 'all',
    ...given
  })
  it.each([
    [{ mode: 'set' }, 'a direction has no activation; add, project, cap are for directions'],
    [{ unit: 'largest' }, 'a direction has no activation that the unit largest could be taken from'],
    [{ coefficient: NaN }, 'the coefficient "NaN" is not a number'],
    [{ upper: 3 }, 'only clamp has an upper bound']
  ] as const)('%o is refused', (given, reason) => {
    expect(() => checkEdit(along(given), null)).toThrow(reason)
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
    ['adding nothing, scaling and projecting by one', [edit('add', 0), edit('scale', 1), edit('project', 1)], true, true],
    ['capping and clamping, which may or may not act', [edit('cap', 1)], true, false],
    ['setting to zero', [edit('set', 0)], true, false],
    ['ablating', [edit('ablate', 0)], true, false],
    ['an empty one without the error term', [], false, false]
  ] as const)('%s', (_, interventions, keepError, expected) => {
    expect(changesNothing({ id: 'r', name: 'r', interventions: [...interventions], keepError })).toBe(expected)
  })
})
