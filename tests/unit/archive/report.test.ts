import { execFileSync } from 'node:child_process'
import { copyFile, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProjectReport } from '../../../src/main/archive/report'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const DEMO = join(import.meta.dirname, '../../../resources/demo/demo.gradsae')

describe('a report of a project', () => {
  it('is never written over the project itself, not even under another name of it', async () => {
    const folder = await temporaryFolder()
    const project = join(folder, 'p.gradsae')
    await copyFile(DEMO, project)
    await symlink(project, join(folder, 'link.json'))
    for (const path of [project, join(folder, 'link.json')]) {
      expect(await failureOf(() => writeProjectReport(project, { path, format: 'json', version: 'test' }))).toBe(
        `${path} cannot be written: it is the project itself. Choose another place, or change the permissions.`
      )
    }
    expect((await readFile(project)).toString('latin1', 0, 15)).toBe('SQLite format 3')
    const beside = join(folder, 'r.json')
    expect((await writeProjectReport(project, { path: beside, format: 'json', version: 'test' })).path).toBe(beside)
  })

  it('does not wait for a pipe that bears the name of a project', async () => {
    const path = join(await temporaryFolder(), 'p.gradsae')
    execFileSync('mkfifo', [path])
    expect(await failureOf(() => writeProjectReport(path, { path: `${path}.html`, format: 'html', version: 'test' }))).toBe(
      `${path} cannot be read: it is not a regular file. Check the permissions of the file and its folder.`
    )
  })
})
