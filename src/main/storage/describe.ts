/** The project's own name and notes. */
import { mutate } from './history'
import type { Project } from './project'
import { defined } from './prompts'
import { quoted } from './words'

/** Renames or annotates the project. */
export async function updateProject(project: Project, given: { name?: string | undefined; notes?: string | undefined }): Promise<void> {
  await mutate(project, async (changes) => {
    await changes.update('project', 'project', defined({ name: given.name, notes: given.notes }))
    return given.name === undefined ? 'edit the notes of the project' : `rename project to ${quoted(given.name)}`
  })
}
