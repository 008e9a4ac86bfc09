/** A project as a document: create, open, save as, close. */
import { realpath, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Migrator } from 'kysely'
import { fail } from '../../shared/errors'
import { connect } from './connection'
import type { Connection } from './connection'
import { failDatabase, failWriting } from './failures'
import { discard, replaceFile, syncFile, temporaryBeside } from './files'
import { checkHeader } from './header'
import { MIGRATIONS } from './migrations'

/** An open project file. Every function of this room that takes one fails with DISK_FULL, FILE_UNWRITABLE or PROJECT_INVALID when the disk does. */
export interface Project extends Connection {
  /** Absolute. */
  readonly path: string
}

/** Files this process holds open. SQLite's locks do not keep out a second handle of the same process reliably, so we do. */
const openPaths = new Set<string>()

/** Makes an empty project and opens it. A file that is there is replaced, as the save dialog asked; a project in use is not. */
export async function createProject(path: string, name: string): Promise<Project> {
  const target = await identify(path)
  await ensureReplaceable(target)
  const temporary = temporaryBeside(target)
  try {
    const connection = connect(temporary)
    try {
      await migrate(connection)
      const now = new Date().toISOString()
      await connection.db.insertInto('project').values({ id: 'project', name, notes: '', created_at: now, saved_at: now }).execute()
    } finally {
      connection.close()
    }
    await putInPlace(temporary, target)
  } catch (thrown) {
    await removeWithSideFiles(temporary)
    failPutting(target, thrown)
  }
  return openProject(target)
}

/** Opens a project and brings it to the present format. Fails with FILE_MISSING, PROJECT_INVALID, PROJECT_NEWER or PROJECT_IN_USE. */
export async function openProject(path: string): Promise<Project> {
  const target = await identify(path)
  if (openPaths.has(target)) fail('PROJECT_IN_USE', { path: target })
  await checkHeader(target)
  openPaths.add(target)
  let connection: Connection | null = null
  try {
    connection = connect(target)
    checkWhole(connection, target)
    await migrate(connection)
    await checkRow(connection, target)
    return { ...connection, path: target, close: () => closeProject(target, connection) }
  } catch (thrown) {
    closeQuietly(connection)
    openPaths.delete(target)
    failDatabase(target, thrown)
  }
}

/**
 * Writes a copy of the project to `path` and returns it open; the project given is closed. On failure the project given stays open.
 * The copy is compacted (`vacuum into`) beside its place and renamed over it, so a file that was there is replaced whole or not at all.
 */
export async function saveProjectAs(project: Project, path: string): Promise<Project> {
  const target = await identify(path)
  if (target === project.path) {
    project.pragma('wal_checkpoint(truncate)')
    return project
  }
  await ensureReplaceable(target)
  const temporary = temporaryBeside(target)
  try {
    project.exec(`vacuum into '${temporary.replaceAll("'", "''")}'`)
    await syncFile(temporary)
    await putInPlace(temporary, target)
  } catch (thrown) {
    await removeWithSideFiles(temporary)
    failPutting(target, thrown)
  }
  const copy = await openProject(target)
  project.close()
  return copy
}

/** One path for one file, however it is spelt or linked. */
export async function identify(path: string): Promise<string> {
  const absolute = resolve(path)
  try {
    return await realpath(absolute)
  } catch {
    // the file is not there yet; its folder may still be reached through a link
  }
  try {
    return join(await realpath(dirname(absolute)), basename(absolute))
  } catch {
    return absolute
  }
}

async function migrate(connection: Connection): Promise<void> {
  const named = Object.fromEntries(MIGRATIONS.map(({ name, ...migration }) => [name, migration]))
  const migrator = new Migrator({ db: connection.db, provider: { getMigrations: async () => named } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error instanceof Error ? error : new Error(String(error))
}

/** A file that SQLite can open may still be damaged further in. */
function checkWhole(connection: Connection, path: string): void {
  const [first] = connection.pragma('quick_check(1)')
  const finding = typeof first === 'object' && first !== null ? String(Object.values(first)[0]) : 'no answer'
  if (finding !== 'ok') fail('PROJECT_INVALID', { path, reason: `it is damaged (${finding})` })
}

async function checkRow(connection: Connection, path: string): Promise<void> {
  const rows = await connection.db.selectFrom('project').select('id').execute()
  if (rows.length !== 1) fail('PROJECT_INVALID', { path, reason: 'its description is missing' })
}

function closeProject(path: string, connection: Connection | null): void {
  try {
    connection?.close()
  } catch (thrown) {
    failDatabase(path, thrown)
  } finally {
    openPaths.delete(path)
  }
}

function closeQuietly(connection: Connection | null): void {
  try {
    connection?.close()
  } catch {
    // the error that led here says more than one from closing a damaged file
  }
}

/** Replacing a project that another program has open would take it away under its feet. */
async function ensureReplaceable(path: string): Promise<void> {
  if (openPaths.has(path)) fail('PROJECT_IN_USE', { path })
  try {
    await checkHeader(path)
  } catch {
    // missing, or not a project: nobody holds it as one
    return
  }
  let connection: Connection | null = null
  try {
    connection = connect(path)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY'))
      fail('PROJECT_IN_USE', { path }, thrown)
  } finally {
    closeQuietly(connection)
  }
}

async function putInPlace(finished: string, path: string): Promise<void> {
  // a log that a killed program left beside the replaced file does not belong to the new one
  await Promise.all(['-wal', '-shm', '-journal'].map((suffix) => rm(path + suffix, { force: true })))
  await replaceFile(finished, path)
}

async function removeWithSideFiles(path: string): Promise<void> {
  await Promise.all(['', '-wal', '-shm', '-journal'].map((suffix) => discard(path + suffix)))
}

function failPutting(path: string, thrown: unknown): never {
  try {
    failDatabase(path, thrown)
  } catch (mapped) {
    failWriting(path, mapped)
  }
}
