/** The open project and the order of what happens to it. */
import { fail, toWireError } from '../../shared/errors'
import type { ProjectState } from '../../shared/records/project'
import { openProject, saveProjectAs } from '../storage/project'
import type { Project } from '../storage/project'
import { rememberProject } from '../storage/recent'
import { changeSettings } from '../storage/settings'
import { projectState } from '../storage/state'

export interface Session {
  /** Runs `work` after everything that was asked before, so that no call meets a project that is being closed or replaced. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** The open project, or PROJECT_NOT_OPEN. Only inside `inTurn`. */
  project(): Project
  /** The open project, or null. Only inside `inTurn`. */
  current(): Project | null
  /** Closes what is open and goes on in what `open` gives; when that fails, goes on in what was open. Only inside `inTurn`. */
  replace(open: () => Promise<Project>): Promise<ProjectState>
  /** Goes on in a copy at `path`. Only inside `inTurn`. */
  moveTo(path: string): Promise<ProjectState>
  /** Folds the log into the file and closes. Only inside `inTurn`. */
  close(): void
}

/** A session without a project. `log` is told what failed without keeping anyone from working. */
export function createSession(userData: string, log: (text: string) => void): Session {
  let open: Project | null = null
  let last: Promise<unknown> = Promise.resolve()

  function project(): Project {
    return open ?? fail('PROJECT_NOT_OPEN')
  }

  function close(): void {
    const closing = open
    open = null
    closing?.close()
  }

  /** The list of recent projects and the project to start with are conveniences: an unwritable folder must not keep a project from opening. */
  async function opened(next: Project): Promise<ProjectState> {
    open = next
    const state = await projectState(next)
    try {
      await rememberProject(userData, state)
      await changeSettings(userData, { lastProject: state.path })
    } catch (thrown) {
      log(`the project could not be put on the list of recent projects: ${toWireError(thrown).details}`)
    }
    return state
  }

  return {
    inTurn(work) {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
    project,
    current: () => open,
    async replace(next) {
      const before = open?.path ?? null
      close()
      try {
        return await opened(await next())
      } catch (thrown) {
        if (before !== null) open = await openProject(before)
        throw thrown
      }
    },
    async moveTo(path) {
      return opened(await saveProjectAs(project(), path))
    },
    close
  }
}
