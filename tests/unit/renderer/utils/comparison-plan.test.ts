import { describe, expect, it } from 'vitest'
import type { Comparison } from '../../../../src/shared/records/steering'
import { DEFAULT_GENERATION } from '../../../../src/shared/records/steering'
import { ConceptSettings } from '../../../../src/shared/records/scores'
import { callOf, conditionsOf, planOf, stoppedRecord } from '../../../../src/renderer/utils/comparison-plan'
import { columnsOf } from '../../../../src/renderer/utils/live-comparison'
import { columnOf, rankingOf, recipeOf, tokenOf } from '../support'

const { provenance } = rankingOf([])
const older: Comparison = {
  prompt: { text: 'Mia was' },
  promptTokens: [{ id: 5, text: 'Mia', special: false }],
  settings: DEFAULT_GENERATION,
  target: null,
  columns: [columnOf(null, [' sad']), columnOf(recipeOf('a'), [' glad'])],
  provenance: {
    model: { name: 'storyteller', path: '/m', hash: 'sha256:aa' },
    sae: { name: 'topk', path: '/s', hash: 'sha256:bb', notes: [], reading: {} },
    preflight: null,
    hook: provenance.hook,
    device: { requested: 'auto', used: 'cpu' },
    versions: {},
    createdAt: '2026-11-22T10:00:00Z',
    milliseconds: 10
  }
}

describe('the plan of a run', () => {
  const plan = planOf(older, 'p', 'a prompt')

  it('of a comparison saved before tokens were watched and texts scored asks for neither', () => {
    expect(plan).toMatchObject({ watched: [], concept: null, promptName: 'a prompt' })
    expect(plan.recipes.map(({ id }) => id)).toEqual(['a'])
    expect(columnsOf(older).map(({ measures }) => measures)).toEqual([null, null])
  })

  it('makes the call with the watched ids, and without recipes names no SAE and no latent of one', () => {
    const concept = ConceptSettings.parse({ latent: { latent: 7 } })
    const watched = [tokenOf(' glad')]
    expect(callOf({ ...plan, watched, concept })).toMatchObject({ sae: '/s', watch: [1], concept: { latent: { latent: 7 } } })
    expect(callOf({ ...plan, recipes: [], concept })).toMatchObject({ sae: null, hook: null, concept: { latent: null } })
  })

  it('depends on what is watched and scored, and not on the recipes', () => {
    expect(conditionsOf({ ...plan, recipes: [] })).toBe(conditionsOf(plan))
    expect(conditionsOf({ ...plan, watched: [tokenOf(' glad')] })).not.toBe(conditionsOf(plan))
    expect(conditionsOf({ ...plan, concept: ConceptSettings.parse({}) })).not.toBe(conditionsOf(plan))
  })

  it('gives a stopped run a record that says what is not known', () => {
    const record = stoppedRecord(plan, columnsOf(older), { device: 'auto', versions: { program: '1' }, milliseconds: 5 })
    expect(record.provenance.device).toEqual({ requested: 'auto', used: 'not reported: the run was stopped' })
    expect(record.columns.map(({ text }) => text)).toEqual([' sad', ' glad'])
  })
})
