import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  appendExperimentPart,
  createExperiment,
  deleteExperiment,
  finishExperiment,
  getExperiment,
  updateExperiment
} from '../../../src/main/storage/experiments'
import { redo, undo } from '../../../src/main/storage/history'
import { createProject, openProject, type Project } from '../../../src/main/storage/project'
import { reproductionOf } from '../../../src/main/storage/reproduction'
import { projectState } from '../../../src/main/storage/state'
import type { ExperimentResult } from '../../../src/shared/records/experiment'
import { sampleManifest, sampleResult, sampleSetPrompts, savedExperiment } from '../../support/experiments'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

async function newProject(): Promise<Project> {
  return createProject(join(await temporaryFolder(), 'a.gradsae'), 'A')
}

function newExperiment(project: Project, repeats: string | null = null): Promise<string> {
  const { name, experiment, settings, bench, model, sae } = savedExperiment()
  const given = { name, experiment, settings, bench, modelName: model, saeName: sae, prompts: sampleSetPrompts, repeats }
  return createExperiment(project, given)
}

/** The sample with another value in its first table's first interval. */
function changed(value: number): ExperimentResult {
  const result = sampleResult()
  const [table] = result.tables
  if (!table) throw new Error('there is a table')
  return { ...result, tables: [{ ...table, rows: [['GradSAE', 10, { value, low: 12, high: 30 }], ...table.rows.slice(1)] }] }
}

describe('an experiment', () => {
  test('keeps each part once, in order, and its result, across a restart', async () => {
    const project = await newProject()
    const id = await newExperiment(project)
    const parts = [2, 0, 2, 1].map((part) => ({ part, data: { exact: [part / 3], text: `part ${part}` } }))
    const done = []
    for (const part of parts) done.push(await appendExperimentPart(project, id, part, 4))
    expect(done).toEqual([1, 2, 2, 3])
    expect((await projectState(project)).experiments).toMatchObject([{ id, done: 3, parts: 4, sentence: null, repeats: null }])
    expect(await finishExperiment(project, id, { result: sampleResult(), manifest: sampleManifest })).toBeNull()
    const { path } = project
    project.close()
    const again = await openProject(path)
    const saved = await getExperiment(again, id)
    expect(saved).toMatchObject({
      result: sampleResult(),
      manifest: sampleManifest,
      setPrompts: sampleSetPrompts,
      sentence: sampleResult().sentence
    })
    expect(saved.finished).toEqual([0, 1, 2].map((part) => ({ part, data: { exact: [part / 3], text: `part ${part}` } })))
    again.close()
  })

  test('is renamed, deleted and brought back with its parts; parts are no steps of history', async () => {
    const project = await newProject()
    const id = await newExperiment(project)
    await updateExperiment(project, id, { name: 'other' })
    await appendExperimentPart(project, id, { part: 0, data: 1 }, 2)
    expect((await projectState(project)).undo).toBe('rename experiment "Masking, held-out questions"')
    await deleteExperiment(project, id)
    expect((await projectState(project)).experiments).toEqual([])
    await undo(project)
    expect((await getExperiment(project, id)).finished).toEqual([{ part: 0, data: 1 }])
    await undo(project)
    await undo(project)
    expect((await projectState(project)).experiments).toEqual([])
    await redo(project)
    expect((await projectState(project)).experiments).toMatchObject([{ name: 'Masking, held-out questions', done: 1 }])
    expect(await failureOf(() => getExperiment(project, 'none'))).toContain('is not in this project any more')
    expect(await failureOf(() => appendExperimentPart(project, 'none', { part: 0, data: 0 }, 1))).toContain(
      'is not in this project any more'
    )
    expect(await failureOf(() => finishExperiment(project, 'none', { result: sampleResult(), manifest: sampleManifest }))).toContain(
      'is not in this project any more'
    )
    project.close()
  })

  test('that repeats another one says whether it came to the same, also when that one is gone', async () => {
    const project = await newProject()
    const original = await newExperiment(project)
    const early = await newExperiment(project, original)
    // nothing to compare with yet
    expect(await finishExperiment(project, early, { result: sampleResult(), manifest: sampleManifest })).toBeNull()
    await finishExperiment(project, original, { result: sampleResult(), manifest: sampleManifest })
    const [same, other] = [await newExperiment(project, original), await newExperiment(project, original)]
    expect(await finishExperiment(project, same, { result: sampleResult(), manifest: sampleManifest })).toEqual({
      same: true,
      largest: 0,
      differences: []
    })
    const result = changed(21.5)
    expect(await finishExperiment(project, other, { result, manifest: sampleManifest })).toEqual({
      same: false,
      largest: 0.5,
      differences: ['table masking, row 1, EM, value: 21 before, 21.5 now']
    })
    await deleteExperiment(project, original)
    const repeats = new Map((await projectState(project)).experiments.map((one) => [one.id, one.repeats]))
    expect([early, same, other].map((id) => repeats.get(id)?.same)).toEqual([null, true, false])
    expect(await failureOf(() => newExperiment(project, original))).toContain('is not in this project any more')
    project.close()
  })
})

describe('a reproduction', () => {
  test('is bit for bit: the last digit of a number counts, and so does the sign of zero', () => {
    expect(reproductionOf(changed(0.1 + 0.2), changed(0.3))).toMatchObject({ same: false, largest: 0.1 + 0.2 - 0.3 })
    expect(reproductionOf(changed(0), changed(-0))).toMatchObject({ same: false, largest: 0 })
    expect(reproductionOf(sampleResult(), sampleResult({ sentence: 'said otherwise' })).same).toBe(true)
  })

  test('names rows, tables and curves that only one of them has', () => {
    const without = reproductionOf(sampleResult(), sampleResult({ curves: [], prompts: 3 }))
    expect(without.differences[0]).toBe('prompts: 2 before, 3 now')
    expect(without.differences[1]).toBe('curve top, GradSAE, point 1, x: 0 before, nothing now')
    // 20 points' numbers and the count of prompts: 20 are named, one is counted
    expect(without.differences.at(-1)).toBe('and 1 more')
  })
})
