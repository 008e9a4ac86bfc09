import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXPERIMENTS, experimentOf } from '../../../src/main/experiments'
import { fits, settingsOf } from '../../../src/renderer/utils/experiment-form'
import { ExperimentInfo, ExperimentName } from '../../../src/shared/records/experiment'

const FOLDER = join(import.meta.dirname, '../../../src/main/experiments')

it('every file that makes an experiment is listed, and every name of the contract has one', () => {
  const made = readdirSync(FOLDER).filter((file) => /^export const \w+ = experiment\(\{$/m.test(readFileSync(join(FOLDER, file), 'utf8')))
  const names = EXPERIMENTS.map(({ info }) => info.name).sort()
  expect(names).toEqual(made.map((file) => file.replace('.ts', '')).sort())
  expect(names).toEqual([...ExperimentName.options].sort())
})

describe.each(EXPERIMENTS.map((experiment) => ({ name: experiment.info.name, experiment })))('$name', ({ experiment }) => {
  it('says of itself what the contract asks for, and its page has a field for each default that fits it', () => {
    const info = ExperimentInfo.parse(experiment.info)
    expect(info.fields.map(({ key }) => key).sort()).toEqual(Object.keys(info.defaults).sort())
    for (const field of info.fields)
      expect({ key: field.key, fits: fits(field, info.defaults[field.key]) }).toEqual({ key: field.key, fits: true })
    expect(experiment.settings(settingsOf(info, {}))).toEqual(info.defaults)
  })

  it('makes a result of nothing, which says so', () => {
    const { sentence, prompts } = experiment.result([], experiment.settings({}), [])
    expect(sentence).toMatch(/nothing can be said/)
    expect(prompts).toBe(0)
  })

  it('refuses a wrong setting by its name, and a part that is not its own', () => {
    expect(() => experiment.settings({ seed: 'one' })).toThrow(`The experiment "${experiment.info.title}" cannot be run with this "seed"`)
    expect(() => experiment.result([], {}, [{ part: 3, data: { id: 7 } }])).toThrow(
      `What was kept as part 3 of the experiment "${experiment.info.title}" does not belong to it`
    )
  })

  it('counts a prompt that could not be used, and says why', () => {
    const { notes } = experiment.result([], experiment.settings({}), [{ part: 0, data: { leftOut: 'The prompt is empty.' } }])
    expect(notes.join(' ')).toContain('1 could not be used')
    expect(notes.join(' ')).toContain('The prompt is empty.')
  })
})

it('an experiment is found by its name', () => {
  expect(experimentOf('masking').info.name).toBe('masking')
})
