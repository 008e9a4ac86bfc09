/** Preflights of SAE folders on a model that stays open, and folders that are spoilt on purpose. */
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createModelSessions, openModel, type ModelSessions } from '../../src/main/models'
import { runPreflight, SAMPLE_TEXT } from '../../src/main/preflight'
import type { PreflightParts } from '../../src/main/preflight'
import { openSession } from '../../src/main/runtime'
import { openSae } from '../../src/main/saes'
import type { Preflight } from '../../src/shared/records/preflight'
import { quietTask } from '../../src/shared/task'
import { DEFAULT_SAE } from './benches'
import { temporaryFolder } from './folder'
import { DEFAULT_MODEL } from './models'
import { changeJson } from './spoil'

const opened = new Map<string, Promise<ModelSessions>>()

export function sessionsOf(model: string): Promise<ModelSessions> {
  const known = opened.get(model) ?? openModel(model).then((found) => createModelSessions(openSession, found, 'cpu'))
  opened.set(model, known)
  return known
}

/** About 150 tokens: the tests compare readings of one text, which need not be long. */
export const SHORT_TEXT = SAMPLE_TEXT.slice(0, 600)

export async function partsOf(sae: string, changes: Partial<PreflightParts> = {}, model = DEFAULT_MODEL): Promise<PreflightParts> {
  return {
    openSession,
    sessions: await sessionsOf(model),
    openSae: (reading) => openSae(sae, reading),
    reading: {},
    hook: null,
    text: SHORT_TEXT,
    textSource: 'a test',
    versions: { workbench: 'test' },
    ...changes
  }
}

export const preflightOf = async (sae: string, changes: Partial<PreflightParts> = {}, model = DEFAULT_MODEL): Promise<Preflight> =>
  runPreflight(await partsOf(sae, changes, model), quietTask())

/** A copy of the default SAE with some keys of its cfg.json replaced; undefined removes one. `metadata` is replaced as a whole. */
export async function spoiltSae(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(await temporaryFolder(), 'sae')
  await cp(DEFAULT_SAE, folder, { recursive: true })
  await rm(join(folder, 'latents.jsonl'))
  await changeJson(join(folder, 'cfg.json'), changes)
  return folder
}

afterAll(async () => {
  for (const opening of opened.values()) await (await opening).release()
  opened.clear()
})
