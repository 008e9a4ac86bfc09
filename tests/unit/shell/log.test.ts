import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openLog } from '../../../src/main/shell/log'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradsae-log-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('writes a line with time and part, and starts anew when it is large', () => {
  const log = openLog(join(folder, 'logs'))
  const file = join(folder, 'logs', 'main.log')
  log('engine', 'ended with 7\n')
  expect(readFileSync(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z engine: ended with 7\n$/)
  log('engine', 'x'.repeat(1_100_000))
  log('engine', 'after')
  expect(readFileSync(file, 'utf8')).toMatch(/engine: after\n$/)
  expect(statSync(file).size).toBeLessThan(200)
  expect(statSync(`${file}.1`).size).toBeGreaterThan(1_000_000)
})
