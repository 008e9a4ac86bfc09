/**
 * One project file as a database connection.
 *
 * The file is locked exclusively while it is open (`locking_mode = exclusive`): a second program gets PROJECT_IN_USE at once,
 * and a killed process leaves no stale lock, because the lock is the operating system's. Write-ahead log with
 * `synchronous = full`: a committed transaction is on the disk before the call returns. Closing folds the log into the file and
 * leaves the log mode, so a closed project is exactly one file that can be mailed or copied.
 */
import Database from 'libsql'
import { Kysely, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Dialect, SqliteDatabase } from 'kysely'
import type { Schema } from './schema'

export interface Connection {
  /** Typed queries; shares the one connection with `exec`. */
  readonly db: Kysely<Schema>
  /** Runs SQL that returns nothing. */
  exec(sql: string): void
  /** The rows of a pragma. */
  pragma(text: string): unknown[]
  /** Folds the log into the file, gives up the lock and closes. */
  close(): void
  /** False once `close` was called. */
  isOpen(): boolean
}

/** Opens (or creates) the file at `path` and locks it. Throws what SQLite throws; see failures.ts. */
export function connect(path: string): Connection {
  const database = new Database(path)
  const pragma = (text: string): unknown[] => database.prepare(`pragma ${text}`).all()
  try {
    pragma('locking_mode = exclusive')
    pragma('journal_mode = wal')
    pragma('synchronous = full')
    pragma('foreign_keys = on')
    // the lock is taken with the first access
    database.exec('begin immediate; commit')
  } catch (thrown) {
    database.close()
    throw thrown
  }
  let open = true
  return {
    db: new Kysely<Schema>({ dialect: dialectOf(database) }),
    exec: (sql) => void database.exec(sql),
    pragma,
    isOpen: () => open,
    close: () => {
      open = false
      try {
        // libsql keeps the connection until its statements are garbage collected, so the lock is given up by hand:
        // exclusive mode ends only outside of the log mode, and only with the next access
        pragma('wal_checkpoint(truncate)')
        pragma('journal_mode = delete')
        pragma('locking_mode = normal')
        database.prepare('select 1 from sqlite_master limit 1').all()
      } finally {
        database.close()
      }
    }
  }
}

/** Kysely's SQLite dialect over libsql, which has better-sqlite3's methods. */
function dialectOf(database: Database.Database): Dialect {
  const driven: SqliteDatabase = { prepare: (sql) => database.prepare(sql), close: () => void database.close() }
  return {
    createDriver: () => new SqliteDriver({ database: driven }),
    // Kysely runs SQLite's migrations outside of a transaction; SQLite's schema changes are transactional, and a project
    // must never be left between two formats
    createAdapter: () => Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db)
  }
}
