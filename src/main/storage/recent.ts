/** The projects opened last, newest first, in one JSON file in the user-data folder. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { RecentProject } from '../../shared/records/project'
import { readJsonFile, writeJsonFile } from './json-file'

/** Projects that the list keeps. */
export const RECENT_LIMIT = 20

const Entry = z.object({ path: z.string(), name: z.string(), openedAt: z.string() })
const Entries = z.array(Entry)

/** The list; `exists` says whether the file is still there. */
export async function recentProjects(userData: string): Promise<RecentProject[]> {
  const entries = await read(userData)
  return Promise.all(entries.map(async (entry) => ({ ...entry, exists: await exists(entry.path) })))
}

/** Puts a project first. */
export async function rememberProject(userData: string, project: { path: string; name: string }): Promise<void> {
  const others = (await read(userData)).filter((entry) => entry.path !== project.path)
  const first = { path: project.path, name: project.name, openedAt: new Date().toISOString() }
  await writeJsonFile(pathIn(userData), [first, ...others].slice(0, RECENT_LIMIT))
}

/** Takes a project off the list; the file stays. */
export async function forgetProject(userData: string, path: string): Promise<void> {
  const entries = await read(userData)
  await writeJsonFile(
    pathIn(userData),
    entries.filter((entry) => entry.path !== path)
  )
}

function read(userData: string): Promise<z.infer<typeof Entries>> {
  return readJsonFile(pathIn(userData), Entries, [])
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

function pathIn(userData: string): string {
  return join(userData, 'recent.json')
}
