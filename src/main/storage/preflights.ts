/** Preflights of pairs of model and SAE: one JSON file in the user-data folder. */
import { join } from 'node:path'
import { z } from 'zod'
import { Preflight } from '../../shared/records/preflight'
import { readJsonFile, writeJsonFile } from './json-file'

/** Older ones are forgotten: a preflight is made again in seconds. */
const MOST = 500

const File = z.object({ preflights: z.array(Preflight) })

/** Every preflight kept in `userData`, oldest first; none when the file is missing or damaged. */
export async function readPreflights(userData: string): Promise<Preflight[]> {
  return (await readJsonFile(pathIn(userData), File, { preflights: [] })).preflights
}

/** Keeps a preflight in place of an older one of the same files read the same way. @throws DISK_FULL, FILE_UNWRITABLE */
export async function keepPreflight(userData: string, preflight: Preflight): Promise<void> {
  const others = (await readPreflights(userData)).filter((each) => !sameQuestion(each, preflight))
  await writeJsonFile(pathIn(userData), { preflights: [...others, preflight].slice(-MOST) })
}

function sameQuestion(a: Preflight, b: Preflight): boolean {
  return a.model.hash === b.model.hash && a.sae.hash === b.sae.hash && JSON.stringify(a.reading) === JSON.stringify(b.reading)
}

function pathIn(userData: string): string {
  return join(userData, 'preflights.json')
}
