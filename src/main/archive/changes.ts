/** What calls that change the open project have in common: one after the other, answered with the new state. */
import type { ProjectState } from '../../shared/records/project'
import type { Project } from '../storage/project'
import { projectState } from '../storage/state'
import { shownState, type Paths } from './paths'
import type { Session } from './session'

export interface ProjectChanges {
  state(): Promise<ProjectState>
  /** Changes the project, then answers with its new state. */
  changing(work: (project: Project) => Promise<void>): Promise<{ state: ProjectState }>
  /** Adds to the project, then answers with the id and the new state. */
  creating(work: (project: Project) => Promise<string>): Promise<{ id: string; state: ProjectState }>
}

export function projectChanges(session: Session, paths: Paths): ProjectChanges {
  const state = async (): Promise<ProjectState> => shownState(await projectState(session.project()), paths)
  return {
    state,
    changing: (work) =>
      session.inTurn(async () => {
        await work(session.project())
        return { state: await state() }
      }),
    creating: (work) =>
      session.inTurn(async () => {
        const id = await work(session.project())
        return { id, state: await state() }
      })
  }
}
