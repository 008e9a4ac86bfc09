import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { FORMAT_VERSION, MIGRATIONS } from '../../../src/main/storage/migrations'
import { createProject, openProject, saveProjectAs } from '../../../src/main/storage/project'
import { addPrompt } from '../../../src/main/storage/prompts'
import { projectState } from '../../../src/main/storage/state'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const prompt = { text: 'Once upon a time', name: '', groupId: null }

describe('a project file', () => {
  test('is found again as it was left, and is one single file when closed', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.gradsae')
    const made = await createProject(path, 'First')
    await addPrompt(made, prompt)
    made.close()
    expect(await readdir(folder)).toEqual(['a.gradsae'])
    const opened = await openProject(path)
    const state = await projectState(opened)
    opened.close()
    expect(state).toMatchObject({ path, name: 'First', notes: '', undo: 'add prompt "Once upon a time"', redo: null })
    expect(state.prompts.map(({ text }) => text)).toEqual(['Once upon a time'])
  })

  test('has the format version of the last migration', async () => {
    const project = await createProject(join(await temporaryFolder(), 'a.gradsae'), 'A')
    expect(project.pragma('user_version')).toEqual([{ user_version: FORMAT_VERSION }])
    expect(MIGRATIONS.map(({ name }) => name.slice(0, 4))).toEqual(MIGRATIONS.map((_, at) => String(at + 1).padStart(4, '0')))
    project.close()
  })

  test('writes every commit through to the disk', async () => {
    const project = await createProject(join(await temporaryFolder(), 'a.gradsae'), 'A')
    expect(project.pragma('synchronous')).toEqual([{ synchronous: 2 }])
    expect(project.pragma('journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(project.pragma('foreign_keys')).toEqual([{ foreign_keys: 1 }])
    project.close()
  })

  test('is refused by its text when it is something else', async () => {
    const folder = await temporaryFolder()
    const at = (name: string): string => join(folder, name)
    await writeFile(at('empty'), '')
    await writeFile(at('short'), 'SQLite format 3\0')
    await writeFile(at('text'), 'a'.repeat(5000))
    const other = new Database(at('other'))
    other.exec('create table t (x)')
    other.close()
    const remedy = 'Choose a file that was saved by the workbench (.gradsae).'
    expect(await failureOf(() => openProject(at('none')))).toBe(`${at('none')} does not exist. Check the path, or choose the folder again.`)
    expect(await failureOf(() => openProject(at('empty')))).toBe(`${at('empty')} is not a GradSAE project: the file is empty. ${remedy}`)
    expect(await failureOf(() => openProject(at('short')))).toBe(`${at('short')} is not a GradSAE project: the file was cut off. ${remedy}`)
    expect(await failureOf(() => openProject(at('text')))).toBe(
      `${at('text')} is not a GradSAE project: it is not a database file. ${remedy}`
    )
    expect(await failureOf(() => openProject(at('other')))).toBe(
      `${at('other')} is not a GradSAE project: it is the database of another program. ${remedy}`
    )
    expect(await failureOf(() => openProject(folder))).toMatch(/cannot be read: it is a folder\./)
  })

  test('of a newer version is refused and stays byte for byte as it was', async () => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const project = await createProject(path, 'A')
    project.close()
    const bytes = await readFile(path)
    bytes.writeUInt32BE(FORMAT_VERSION + 1, 60)
    await writeFile(path, bytes)
    expect(await failureOf(() => openProject(path))).toBe(
      `${path} was saved by a newer version of the workbench. Update the workbench to open it. The file was not changed.`
    )
    expect((await readFile(path)).equals(bytes)).toBe(true)
  })

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 8192)],
    ['overwritten inside', (bytes: Buffer) => Buffer.from(bytes).fill(0xab, 4096, bytes.length - 4096)]
  ])('that was %s is refused as damaged', async (_, damage) => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const project = await createProject(path, 'A')
    for (let n = 0; n < 5; n++) await addPrompt(project, { ...prompt, text: 'x'.repeat(5000) })
    project.close()
    await writeFile(path, damage(await readFile(path)))
    expect(await failureOf(() => openProject(path))).toMatch(/is not a GradSAE project: it is damaged/)
  })

  test('that another program has open is refused, and opens once that program is killed', async () => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const made = await createProject(path, 'A')
    made.close()
    const code = `const D = require('libsql'); const d = new D(process.argv[1]); d.pragma('locking_mode = exclusive'); d.pragma('journal_mode = wal');
      d.exec('begin immediate; commit'); console.log('locked'); setInterval(() => undefined, 1000)`
    const other = spawn(process.execPath, ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(other.stdout, 'data')
    const refused = `${path} is in use by another program. Close it there, then open it again.`
    expect(await failureOf(() => openProject(path))).toBe(refused)
    expect(await failureOf(() => createProject(path, 'B'))).toBe(refused)
    other.kill('SIGKILL')
    await once(other, 'exit')
    const project = await openProject(path)
    expect((await projectState(project)).name).toBe('A')
    expect(await failureOf(() => openProject(path))).toBe(refused)
    project.close()
  })

  test('goes on in the copy after save as, and the original keeps what it had', async () => {
    const folder = await temporaryFolder()
    const first = await createProject(join(folder, 'a.gradsae'), 'A')
    await addPrompt(first, prompt)
    await writeFile(join(folder, "it's a copy.gradsae"), 'replaced')
    await writeFile(join(folder, "it's a copy.gradsae-wal"), 'left by a killed program')
    const copy = await saveProjectAs(first, join(folder, "it's a copy.gradsae"))
    await addPrompt(copy, { ...prompt, text: 'only in the copy' })
    copy.close()
    expect((await readdir(folder)).sort()).toEqual(['a.gradsae', "it's a copy.gradsae"])
    const original = await openProject(join(folder, 'a.gradsae'))
    expect((await projectState(original)).prompts).toHaveLength(1)
    original.close()
    const again = await openProject(join(folder, "it's a copy.gradsae"))
    expect((await projectState(again)).undo).toBe('add prompt "only in the copy"')
    again.close()
  })

  test('stays open where it was when save as fails', async () => {
    const folder = await temporaryFolder()
    const project = await createProject(join(folder, 'a.gradsae'), 'A')
    const path = join(folder, 'none', 'b.gradsae')
    expect(await failureOf(() => saveProjectAs(project, path))).toBe(
      `${path} cannot be written: its folder is missing or protected. Choose another place, or change the permissions.`
    )
    await mkdir(join(folder, 'b.gradsae'))
    expect(await failureOf(() => saveProjectAs(project, join(folder, 'b.gradsae')))).toMatch(
      /b\.gradsae cannot be written: it is a folder\./
    )
    await addPrompt(project, prompt)
    project.close()
    expect((await readdir(folder)).sort()).toEqual(['a.gradsae', 'b.gradsae'])
  })

  test('cannot be made in a folder that is not there', async () => {
    const path = join(await temporaryFolder(), 'none', 'a.gradsae')
    expect(await failureOf(() => createProject(path, 'A'))).toMatch(/a\.gradsae cannot be written: its folder is missing or protected\./)
  })
})

describe('a disk that refuses', () => {
  test('when full loses only the change that did not fit, and says so', async () => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const project = await createProject(path, 'A')
    await addPrompt(project, prompt)
    // SQLite gives the same SQLITE_FULL when the file system has no room for another page
    const pages = Number(Object.values(project.pragma('page_count')[0] as object)[0])
    project.pragma(`max_page_count = ${pages + 2}`)
    const big = { ...prompt, text: 'x'.repeat(100_000) }
    expect(await failureOf(() => addPrompt(project, big))).toBe(
      `The disk is full: ${path} could not be written. Free some space and try again. What was saved before is unchanged.`
    )
    expect(await projectState(project)).toMatchObject({ prompts: [{ text: prompt.text }], undo: 'add prompt "Once upon a time"' })
    project.pragma('max_page_count = 1000000')
    await addPrompt(project, big)
    expect((await projectState(project)).prompts).toHaveLength(2)
    project.close()
  })

  test('when read-only is named', async () => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const project = await createProject(path, 'A')
    project.pragma('query_only = on')
    expect(await failureOf(() => addPrompt(project, prompt))).toBe(
      `${path} cannot be written: it is read-only. Choose another place, or change the permissions.`
    )
    project.pragma('query_only = off')
    project.close()
  })
})
