import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { promptText } from '../../../src/shared/prompt-text'
import type { ChatInput } from '../../../src/shared/records/token'
import { createProject } from '../../../src/main/storage/project'
import { openArchive } from '../../support/archive'
import { failureOf } from '../../support/failing'
import { sampleComparison, sampleRanking } from '../../support/records'

describe('the archive', () => {
  test('asks for a project before anything that needs one', async () => {
    const { call } = await openArchive()
    const refused = 'No project is open. Open or create a project first.'
    expect(await call('project.state', {})).toEqual({ state: null })
    expect(await failureOf(() => call('project.undo', {}))).toBe(refused)
    expect(await failureOf(() => call('prompts.add', { text: 'a' }))).toBe(refused)
    expect(await failureOf(() => call('rankings.get', { id: 'x' }))).toBe(refused)
  })

  test('answers each change with the new state', async () => {
    const { call, folder } = await openArchive()
    await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
    const group = await call('groups.add', { name: 'g' })
    const prompt = await call('prompts.add', { text: 'a', groupId: group.id })
    expect(prompt.state).toMatchObject({
      groups: [{ id: group.id }],
      prompts: [{ id: prompt.id, groupId: group.id }],
      undo: 'add prompt "a"'
    })
    expect((await call('project.undo', {})).state).toMatchObject({ prompts: [], redo: 'add prompt "a"' })
    expect((await call('project.redo', {})).state.prompts).toHaveLength(1)
    const ranking = await call('rankings.save', { name: 'r', promptId: prompt.id, ranking: sampleRanking() })
    expect((await call('rankings.get', { id: ranking.id })).ranking).toEqual(sampleRanking())
    const comparison = await call('comparisons.save', { name: 'c', comparison: sampleComparison() })
    expect((await call('comparisons.get', { id: comparison.id })).comparison).toEqual(sampleComparison())
    expect((await call('rankings.appearances', { saeHash: 'sha256:bbbb', latent: 101 })).appearances).toMatchObject([{ rank: 2 }])
    const recipe = { id: 'r1', name: 'sad', interventions: [], keepError: true }
    expect((await call('recipes.save', { recipe, saePath: '/s', saeHash: 'h' })).state.recipes).toMatchObject([{ recipe }])
    expect((await call('recipes.delete', { id: 'r1' })).state.recipes).toEqual([])
    expect((await call('rankings.update', { id: ranking.id, notes: 'n' })).state.rankings).toMatchObject([{ notes: 'n' }])
    expect((await call('rankings.delete', { id: ranking.id })).state.rankings).toEqual([])
    expect((await call('comparisons.update', { id: comparison.id, name: 'd' })).state.comparisons).toMatchObject([{ name: 'd' }])
    expect((await call('comparisons.delete', { id: comparison.id })).state.comparisons).toEqual([])
    expect((await call('groups.update', { id: group.id, name: 'h' })).state.groups).toMatchObject([{ name: 'h' }])
    expect((await call('groups.delete', { id: group.id })).state).toMatchObject({ groups: [], prompts: [{ groupId: null }] })
    expect((await call('prompts.update', { id: prompt.id, name: 'n' })).state.prompts).toMatchObject([{ name: 'n' }])
    expect((await call('prompts.duplicate', { id: prompt.id })).state.prompts).toHaveLength(2)
    expect((await call('prompts.delete', { id: prompt.id })).state.prompts).toHaveLength(1)
    expect((await call('project.update', { notes: 'about' })).state.notes).toBe('about')
  })

  test('keeps prompts that are chats, with their turns and as text for lists', async () => {
    const { call, folder } = await openArchive()
    const path = join(folder, 'a.gradsae')
    await call('project.create', { path, name: 'A' })
    const chat: ChatInput = {
      chat: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Why?' }
      ],
      addGenerationPrompt: true
    }
    const { id } = await call('prompts.add', { text: promptText(chat), chat })
    const longer: ChatInput = { chat: [...chat.chat, { role: 'assistant', content: 'So.' }] }
    await call('prompts.update', { id, text: promptText(longer), chat: longer })
    await call('prompts.duplicate', { id })
    await call('prompts.update', { id, text: 'plain', chat: null })
    expect((await call('project.undo', {})).state.prompts[0]).toMatchObject({ chat: longer })
    await call('project.redo', {})
    await call('project.close', {})
    expect((await call('project.open', { path })).state.prompts).toMatchObject([
      { text: 'plain', chat: null },
      { text: 'system: Be brief.\nuser: Why?\nassistant: So.', chat: longer }
    ])
  })

  test('does calls one after the other, even when they are not waited for', async () => {
    const { call, folder } = await openArchive()
    void call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
    const adding = Array.from({ length: 5 }, (_, n) => call('prompts.add', { text: `p${n}` }))
    void call('project.create', { path: join(folder, 'b.gradsae'), name: 'B' })
    const last = call('prompts.add', { text: 'in B' })
    expect((await Promise.all(adding)).at(-1)?.state).toMatchObject({ name: 'A', prompts: [0, 1, 2, 3, 4].map((n) => ({ text: `p${n}` })) })
    expect((await last).state).toMatchObject({ name: 'B', prompts: [{ text: 'in B' }] })
  })

  test('remembers the open project for the next start, but not one that was closed', async () => {
    const first = await openArchive()
    const path = join(first.folder, 'a.gradsae')
    await first.call('project.create', { path, name: 'A' })
    await first.close()
    const second = await openArchive(first.folder)
    expect((await second.call('settings.get', {})).lastProject).toBe(path)
    expect((await second.call('project.recent', {})).projects).toMatchObject([{ path, name: 'A', exists: true }])
    expect((await second.call('project.open', { path })).state.name).toBe('A')
    await second.call('project.close', {})
    expect((await second.call('settings.get', {})).lastProject).toBeNull()
    expect((await second.call('project.forget', { path })).projects).toEqual([])
    expect((await second.call('settings.set', { theme: 'dark' })).theme).toBe('dark')
  })

  test('goes on in the project that was open when another one cannot be opened', async () => {
    const { call, folder } = await openArchive()
    await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
    expect(await failureOf(() => call('project.open', { path: join(folder, 'none') }))).toMatch(/does not exist/)
    expect((await call('prompts.add', { text: 'a' })).state.name).toBe('A')
  })

  test('goes on in the copy after save as', async () => {
    const { call, folder } = await openArchive()
    await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
    const path = join(folder, 'b.gradsae')
    expect((await call('project.saveAs', { path })).state.path).toBe(path)
    expect((await call('prompts.add', { text: 'a' })).state.path).toBe(path)
    expect((await call('project.recent', {})).projects.map((project) => project.path)).toEqual([path, join(folder, 'a.gradsae')])
  })

  test('opens a project even when the list of recent projects cannot be written', async () => {
    const { call, folder, logged } = await openArchive()
    await writeFile(join(folder, 'user'), 'a file where the folder should be')
    expect((await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })).state.name).toBe('A')
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(/recent\.json cannot be read: its folder is a file/)
  })
})

describe('models that ship with the app', () => {
  test('are stored without their place, and shown with it', async () => {
    const { call, folder } = await openArchive()
    await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
    const model = join(folder, 'models', 'storyteller', 'model')
    const ranking = sampleRanking()
    ranking.provenance.model.path = model
    const { id } = await call('rankings.save', { name: 'r', ranking })
    expect((await call('rankings.get', { id })).ranking.provenance.model.path).toBe(model)
    const recipe = { id: 'r1', name: 'sad', interventions: [], keepError: true }
    expect((await call('recipes.save', { recipe, saePath: model, saeHash: 'h' })).state.recipes[0]?.saePath).toBe(model)
    await call('project.close', {})
    expect((await readFile(join(folder, 'a.gradsae'))).includes('bundled:storyteller/model')).toBe(true)
    expect((await readFile(join(folder, 'a.gradsae'))).includes(model)).toBe(false)
  })
})

describe('the demo project', () => {
  test('is copied once, and then it is the person’s own', async () => {
    const first = await openArchive()
    await mkdir(join(first.folder, 'resources', 'demo'), { recursive: true })
    const made = await createProject(join(first.folder, 'made.gradsae'), 'Shipped')
    made.close()
    await copyFile(join(first.folder, 'made.gradsae'), join(first.folder, 'resources', 'demo', 'demo.gradsae'))
    expect((await first.call('project.openDemo', {})).state).toMatchObject({
      name: 'Shipped',
      path: join(first.folder, 'user', 'projects', 'Demo.gradsae')
    })
    await first.call('prompts.add', { text: 'mine' })
    await first.call('project.close', {})
    expect((await first.call('project.openDemo', {})).state.prompts).toMatchObject([{ text: 'mine' }])
    expect(await readdir(join(first.folder, 'resources', 'demo'))).toEqual(['demo.gradsae'])
  })

  test('is made from the demo prompts when none is shipped, in groups, with nothing to undo', async () => {
    const { call, folder } = await openArchive()
    await mkdir(join(folder, 'models', 'storyteller', 'eval'), { recursive: true })
    const prompts = ['joy', 'fear', 'joy'].map((concept, at) => ({ concept, prompt: `p${at}` }))
    await writeFile(join(folder, 'models', 'storyteller', 'eval', 'prompts.json'), JSON.stringify(prompts))
    const { state } = await call('project.openDemo', {})
    const [joy, fear] = state.groups
    expect([joy?.name, fear?.name]).toEqual(['joy', 'fear'])
    expect(state.prompts.map(({ text, groupId }) => [text, groupId])).toEqual([
      ['p0', joy?.id],
      ['p1', fear?.id],
      ['p2', joy?.id]
    ])
    expect(state).toMatchObject({ undo: null, redo: null })
  })
})
