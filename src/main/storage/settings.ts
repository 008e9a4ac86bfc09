/** Settings: one JSON file in the user-data folder. */
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { Settings } from '../../shared/records/settings'
import { readJsonFile, writeJsonFile } from './json-file'

/** The settings kept in `userData`; defaults for what is missing or when the file is damaged. */
export async function readSettings(userData: string): Promise<Settings> {
  return readJsonFile(pathIn(userData), Settings, {})
}

/**
 * Changes the given settings and writes the file. Keys of `ui` are merged one by one, so that views do not overwrite each other.
 * Fails with CALL_INVALID when a value is not allowed; then nothing is written.
 */
export async function changeSettings(userData: string, given: Readonly<Record<string, unknown>>): Promise<Settings> {
  const before = await readSettings(userData)
  const ui = z.record(z.string(), z.unknown()).safeParse(given.ui)
  const parsed = Settings.safeParse({ ...before, ...given, ui: ui.success ? { ...before.ui, ...ui.data } : (given.ui ?? before.ui) })
  if (!parsed.success) return fail('CALL_INVALID', { call: 'settings.set', reason: z.prettifyError(parsed.error) })
  await writeJsonFile(pathIn(userData), parsed.data)
  return parsed.data
}

function pathIn(userData: string): string {
  return join(userData, 'settings.json')
}
