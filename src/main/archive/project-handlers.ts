/** The project as a document: create, open, demo, save as, close, undo. */
import type { ArchiveCalls, Handlers } from '../../shared/contract'
import { updateProject } from '../storage/describe'
import { redo, undo } from '../storage/history'
import { createProject, openProject } from '../storage/project'
import { changeSettings } from '../storage/settings'
import { projectState } from '../storage/state'
import { ensureDemo, type DemoFolders } from './demo'
import { shownState } from './paths'
import type { Paths } from './paths'
import type { Session } from './session'

type ProjectCalls =
  | 'project.create'
  | 'project.open'
  | 'project.openDemo'
  | 'project.saveAs'
  | 'project.close'
  | 'project.state'
  | 'project.update'
  | 'project.undo'
  | 'project.redo'

export function createProjectHandlers(session: Session, folders: DemoFolders, paths: Paths): Pick<Handlers<ArchiveCalls>, ProjectCalls> {
  const state = async () => ({ state: shownState(await projectState(session.project()), paths) })
  return {
    'project.create': ({ path, name }) =>
      session.inTurn(async () => {
        await session.replace(() => createProject(path, name))
        return state()
      }),
    'project.open': ({ path }) =>
      session.inTurn(async () => {
        await session.replace(() => openProject(path))
        return state()
      }),
    'project.openDemo': () =>
      session.inTurn(async () => {
        await session.replace(async () => openProject(await ensureDemo(folders)))
        return state()
      }),
    'project.saveAs': ({ path }) =>
      session.inTurn(async () => {
        await session.moveTo(path)
        return state()
      }),
    'project.close': () =>
      session.inTurn(async () => {
        session.close()
        await changeSettings(folders.userData, { lastProject: null })
        return {}
      }),
    'project.state': () => session.inTurn(async () => (session.current() === null ? { state: null } : state())),
    'project.update': (given) =>
      session.inTurn(async () => {
        await updateProject(session.project(), given)
        return state()
      }),
    'project.undo': () =>
      session.inTurn(async () => {
        await undo(session.project())
        return state()
      }),
    'project.redo': () =>
      session.inTurn(async () => {
        await redo(session.project())
        return state()
      })
  }
}
