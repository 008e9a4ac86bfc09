import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'vite'
import { beforeAll, expect, test } from 'vitest'
import { createProject, openProject } from '../../src/main/storage/project'
import { createSet } from '../../src/main/storage/prompt-sets'
import { storedResults } from '../../src/main/storage/set-results'
import { createSetRun, getSetRun } from '../../src/main/storage/set-runs'
import type { SetResult } from '../../src/shared/records/sets'
import { temporaryFolder } from '../support/folder'
import { randomFrom } from '../support/random-numbers'
import { promptsNamed, randomResults } from '../support/set-results'

const PROMPTS = 1000
const BATCHES = 60
const outDir = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'batch-writer')

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, '..', 'support', 'batch-writer.ts'),
      outDir,
      target: 'node18',
      rolldownOptions: { output: { entryFileNames: 'writer.mjs' } }
    }
  })
})

/**
 * Lets the writer go on until it has said that `lines` batches are stored, and kills it `later` ms after that without warning, in the middle
 * of whatever it does; Infinity lets it end.
 */
async function writeUntil(path: string, id: string, lines: number, later: number): Promise<number[]> {
  const args = [join(outDir, 'writer.mjs'), path, id, String(PROMPTS), String(BATCHES)]
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > lines) setTimeout(() => writer.kill('SIGKILL'), later)
  })
  await once(writer, 'close')
  return output.split('\n').slice(0, -1).map(Number)
}

test('a run over 1,000 prompts, killed again and again, ends with the table of one that was left alone', async () => {
  const path = join(await temporaryFolder(), 'a.gradsae')
  const prompts = promptsNamed(PROMPTS)
  const made = await createProject(path, 'A')
  const setId = await createSet(made, { name: 'many', source: '', prompts })
  const bench = { model: '/m', sae: '/s', hook: null, device: 'cpu', reading: {} }
  const settings = { method: 'gradsae', explain: 'greedy', includeSpecial: true } as const
  const id = await createSetRun(made, { setId, name: 'r', settings, bench, saeHash: 'h', modelName: 'm', saeName: 's' })
  made.close()
  const acknowledged: number[] = []
  const random = randomFrom(5)
  const expected = randomResults(1, prompts)
  for (const lines of [1, 4, 9, 12, Infinity]) {
    acknowledged.push(...(await writeUntil(path, id, lines, random.between(0, 4))))
    const project = await openProject(path)
    expect(project.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
    const { doneBatches } = await getSetRun(project, id)
    expect(acknowledged.filter((batch) => !doneBatches.includes(batch))).toEqual([])
    for (const batch of doneBatches)
      for await (const whole of storedResults(project, id, [batch]))
        expect(whole).toEqual(expected.filter(({ index }) => index % BATCHES === batch))
    project.close()
  }
  // What is stored is never stored again: no batch is said twice.
  expect(new Set(acknowledged).size).toBe(acknowledged.length)
  const project = await openProject(path)
  const found: SetResult[] = []
  for await (const batch of storedResults(project, id)) found.push(...batch)
  expect(found.sort((a, b) => a.index - b.index)).toEqual(expected)
  project.close()
})
