import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'vite'
import { beforeAll, expect, test } from 'vitest'
import { createProject, openProject } from '../../src/main/storage/project'
import { getRanking } from '../../src/main/storage/rankings'
import { projectState } from '../../src/main/storage/state'
import { temporaryFolder } from '../support/folder'

const ROUNDS = 10
const outDir = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'archive-writer')

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, '..', 'support', 'archive-writer.ts'),
      outDir,
      target: 'node18',
      rolldownOptions: { output: { entryFileNames: 'writer.mjs' } }
    }
  })
})

/** mulberry32: the same delays in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs the writer and kills it `milliseconds` after it printed `lines` lines; returns what it acknowledged. */
async function writeUntilKilled(path: string, lines: number, milliseconds: number): Promise<string[]> {
  const writer = spawn(process.execPath, [join(outDir, 'writer.mjs'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let timer: NodeJS.Timeout | undefined
  writer.stdout.setEncoding('utf8')
  writer.stdout.on('data', (text: string) => {
    output += text
    // counted in lines, so that a slow machine is killed in the middle of its work too
    if (output.split('\n').length > lines) timer ??= setTimeout(() => writer.kill('SIGKILL'), milliseconds)
  })
  const [code, signal] = (await once(writer, 'close')) as [number | null, string | null]
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  // the last line may be cut off by the kill
  return output.split('\n').slice(0, -1)
}

test(`a program killed at ${ROUNDS} random moments loses nothing that it had acknowledged`, async () => {
  const path = join(await temporaryFolder(), 'a.gradsae')
  const made = await createProject(path, 'A')
  made.close()
  const next = random(7)
  const prompts = new Set<string>()
  const rankings = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const line of await writeUntilKilled(path, 2 + Math.floor(next() * 12), next() * 15)) {
      const [what, id = ''] = line.split(' ')
      if (what === 'prompt') prompts.add(id)
      if (what === 'ranking') rankings.add(id)
    }
    const project = await openProject(path)
    expect(project.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(project.pragma('foreign_key_check')).toEqual([])
    const state = await projectState(project)
    const there = new Set([...state.prompts, ...state.rankings].map(({ id }) => id))
    expect([...prompts, ...rankings].filter((id) => !there.has(id))).toEqual([])
    for (const id of rankings) expect((await getRanking(project, id)).ranking.latents).toHaveLength(200)
    project.close()
  }
  expect(prompts.size).toBeGreaterThan(ROUNDS)
  expect(rankings.size).toBeGreaterThan(ROUNDS / 2)
})
