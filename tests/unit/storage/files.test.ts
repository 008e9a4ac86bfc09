import { mkdir, open, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failWriting } from '../../../src/main/storage/failures'
import { writeFileAtomic } from '../../../src/main/storage/files'
import { RECENT_LIMIT, forgetProject, recentProjects, rememberProject } from '../../../src/main/storage/recent'
import { changeSettings, readSettings } from '../../../src/main/storage/settings'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

describe('a file written whole', () => {
  test('replaces what was there and leaves nothing beside it', async () => {
    const folder = await temporaryFolder()
    await writeFileAtomic(join(folder, 'a'), 'old')
    await writeFileAtomic(join(folder, 'a'), 'new')
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['a'])
  })

  test('that cannot be written is named with the reason, and leaves nothing behind', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'folder', 'inside'), { recursive: true })
    await writeFile(join(folder, 'file'), '')
    const remedy = 'Choose another place, or change the permissions.'
    expect(await failureOf(() => writeFileAtomic(join(folder, 'folder'), ''))).toBe(
      `${join(folder, 'folder')} cannot be written: it is a folder. ${remedy}`
    )
    expect(await failureOf(() => writeFileAtomic(join(folder, 'none', 'a'), ''))).toMatch(/cannot be written: its folder does not exist\./)
    expect(await failureOf(() => writeFileAtomic(join(folder, 'file', 'a'), ''))).toMatch(/cannot be written: its folder is a file\./)
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder'])
  })

  test('on a full disk is named as that', async () => {
    // Linux's device that has no room for anything gives the same ENOSPC as a full disk
    const full = await open('/dev/full', 'w')
    const thrown: unknown = await full.writeFile('x').catch((error: unknown) => error)
    await full.close()
    expect(await failureOf(() => failWriting('/somewhere/report.html', thrown))).toBe(
      'The disk is full: /somewhere/report.html could not be written. Free some space and try again. What was saved before is unchanged.'
    )
  })
})

describe('settings', () => {
  test('begin with defaults and are found again', async () => {
    const folder = join(await temporaryFolder(), 'not made yet')
    expect(await readSettings(folder)).toEqual({ theme: 'system', device: 'auto', lastProject: null, library: [], ui: {} })
    await changeSettings(folder, { theme: 'dark', ui: { left: 200 } })
    await changeSettings(folder, { ui: { right: 300 } })
    expect(await readSettings(folder)).toMatchObject({ theme: 'dark', device: 'auto', ui: { left: 200, right: 300 } })
  })

  test('refuse a value that is not allowed, and stay as they were', async () => {
    const folder = await temporaryFolder()
    await changeSettings(folder, { theme: 'dark' })
    expect(await failureOf(() => changeSettings(folder, { theme: 'pink' }))).toMatch(/^The call settings\.set was refused: .*theme/s)
    expect(await failureOf(() => changeSettings(folder, { ui: 3 }))).toMatch(/ui/)
    expect((await readSettings(folder)).theme).toBe('dark')
  })

  test('that are damaged become defaults, and the damaged file is kept aside', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'settings.json'), '{"theme": "da')
    expect((await readSettings(folder)).theme).toBe('system')
    await changeSettings(folder, { theme: 'light' })
    expect((await readdir(folder)).sort()).toEqual(['settings.json', 'settings.json.damaged'])
    expect(await readFile(join(folder, 'settings.json.damaged'), 'utf8')).toBe('{"theme": "da')
  })

  test('that cannot be read are named', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'settings.json'))
    expect(await failureOf(() => readSettings(folder))).toMatch(/settings\.json cannot be read: it is a folder\./)
  })
})

describe('recent projects', () => {
  test(`are the last ${RECENT_LIMIT}, newest first, each once, and say whether they are still there`, async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'here'), '')
    for (let n = 0; n < RECENT_LIMIT + 2; n++) await rememberProject(folder, { path: join(folder, `gone ${n}`), name: `n${n}` })
    await rememberProject(folder, { path: join(folder, 'here'), name: 'here' })
    await rememberProject(folder, { path: join(folder, 'gone 20'), name: 'again' })
    const recent = await recentProjects(folder)
    expect(recent).toHaveLength(RECENT_LIMIT)
    expect(recent.slice(0, 3).map(({ name, exists }) => [name, exists])).toEqual([
      ['again', false],
      ['here', true],
      ['n21', false]
    ])
    await forgetProject(folder, join(folder, 'here'))
    expect((await recentProjects(folder)).map(({ name }) => name)).not.toContain('here')
  })
})
