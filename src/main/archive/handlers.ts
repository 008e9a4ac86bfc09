/** Every call of the archive process. Projects are handled one call after the other, so what a person did first happens first. */
import type { ArchiveCalls, Handlers } from '../../shared/contract'
import { resolveBundled, toBundled } from '../../shared/bundled'
import { keepPreflight, readPreflights } from '../storage/preflights'
import { forgetProject, recentProjects } from '../storage/recent'
import { changeSettings, readSettings } from '../storage/settings'
import { createExperimentHandlers } from './experiment-handlers'
import { createProjectHandlers } from './project-handlers'
import { createRecordHandlers } from './record-handlers'
import { writeReport } from './report'
import { createSession } from './session'
import { createSetHandlers } from './set-handlers'

export interface ArchiveOptions {
  /** Folder of settings, recent projects and the copy of the demo project. */
  readonly userData: string
  /** Folder of the models that ship with the app; `bundled:` paths lie below it. */
  readonly bundledModels: string
  /** Folder with `demo/demo.gradsae`. */
  readonly resources: string
  /** Version of the workbench, for reports. */
  readonly version: string
  /** Told what failed without keeping anyone from working; the process's stderr when left out. */
  readonly log?: (text: string) => void
}

export interface Archive {
  readonly handlers: Handlers<ArchiveCalls>
  /** Waits for what was asked, then closes the open project; the next start opens it again. */
  close(): Promise<void>
}

/** The archive: handlers for every call, and what ends it. */
export function createArchive(options: ArchiveOptions): Archive {
  const { userData, bundledModels } = options
  const session = createSession(userData, options.log ?? ((text) => void process.stderr.write(`${text}\n`)))
  const paths = {
    stored: (path: string): string => toBundled(path, bundledModels),
    shown: (path: string): string => resolveBundled(path, bundledModels)
  }
  const handlers: Handlers<ArchiveCalls> = {
    'settings.get': () => session.inTurn(() => readSettings(userData)),
    'settings.set': (given) => session.inTurn(() => changeSettings(userData, given)),
    'preflights.list': () => session.inTurn(async () => ({ preflights: await readPreflights(userData) })),
    'preflights.save': ({ preflight }) =>
      session.inTurn(async () => {
        await keepPreflight(userData, preflight)
        return {}
      }),
    'project.recent': () => session.inTurn(async () => ({ projects: await recentProjects(userData) })),
    'project.forget': ({ path }) =>
      session.inTurn(async () => {
        await forgetProject(userData, path)
        return { projects: await recentProjects(userData) }
      }),
    ...createProjectHandlers(session, options, paths),
    ...createRecordHandlers(session, paths),
    ...createSetHandlers(session, paths),
    ...createExperimentHandlers(session, paths),
    'report.write': (given) => session.inTurn(() => writeReport(session.project(), { ...given, version: options.version }))
  }
  return { handlers, close: () => session.inTurn(async () => session.close()) }
}

/** The handlers alone, for callers that live as long as their process. */
export function createArchiveHandlers(options: ArchiveOptions): Handlers<ArchiveCalls> {
  return createArchive(options).handlers
}
