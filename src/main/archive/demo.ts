/** The demo project: made once for the app, copied once for each person, then theirs. */
import { access, copyFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { failReading, failWriting } from '../storage/failures'
import { discard, replaceFile, syncFile, temporaryBeside } from '../storage/files'
import { clearHistory } from '../storage/history'
import { createProject } from '../storage/project'
import type { Project } from '../storage/project'
import { addGroup, addPrompt } from '../storage/prompts'

/** One line of a bundled model's `eval/prompts.json`. */
const DemoPrompt = z.object({ concept: z.string(), prompt: z.string() })

export interface DemoFolders {
  /** Where the person's copy goes. */
  readonly userData: string
  /** Folder of the models that ship with the app. */
  readonly bundledModels: string
  /** Folder with `demo/demo.gradsae`. */
  readonly resources: string
}

/** Where a person's copy of the demo project lies. */
export function demoPath(userData: string): string {
  return join(userData, 'projects', 'Demo.gradsae')
}

/** The path of the person's demo project: as they left it, else a fresh copy, else (no copy shipped) one with the demo prompts. */
export async function ensureDemo(options: DemoFolders): Promise<string> {
  const path = demoPath(options.userData)
  if (await isThere(path)) return path
  await makeFolder(dirname(path))
  const shipped = join(options.resources, 'demo', 'demo.gradsae')
  if (await isThere(shipped)) await copyWhole(shipped, path)
  else await makeDemo(path, options.bundledModels)
  return path
}

/** Adds the demo prompts of a bundled model, one group per concept, in the order of the file. */
export async function addDemoPrompts(project: Project, promptsFile: string): Promise<void> {
  const groups = new Map<string, string>()
  for (const { concept, prompt } of z.array(DemoPrompt).parse(JSON.parse(await readText(promptsFile)))) {
    const groupId = groups.get(concept) ?? (await addGroup(project, concept))
    groups.set(concept, groupId)
    await addPrompt(project, { text: prompt, name: '', groupId })
  }
}

async function makeDemo(path: string, bundledModels: string): Promise<void> {
  const prompts = join(bundledModels, 'storyteller', 'eval', 'prompts.json')
  const project = await createProject(path, 'Demo')
  try {
    if (await isThere(prompts)) await addDemoPrompts(project, prompts)
    await clearHistory(project)
  } finally {
    project.close()
  }
}

async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = temporaryBeside(to)
  try {
    await copyFile(from, temporary)
    await syncFile(temporary)
    await replaceFile(temporary, to)
  } catch (thrown) {
    await discard(temporary)
    failWriting(to, thrown)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (thrown) {
    failWriting(path, thrown)
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return false
    failReading(path, thrown)
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    failReading(path, thrown)
  }
}
