import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sourceStamp } from '../../../scripts/lib/build.mjs'
import { countPlaywright, countVitest, sum } from '../../../scripts/lib/checks.mjs'
import { ROOT } from '../../../scripts/lib/paths.mjs'
import { packagesMatch } from '../../../scripts/lib/prepare.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gradsae-scripts-'))
  mkdirSync(join(root, 'node_modules'))
  mkdirSync(join(root, 'src', 'shared'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the look at installed packages', () => {
  const wanted = {
    '': { name: 'root' },
    'node_modules/vue': { version: '3.5.1' },
    'node_modules/native-mac': { version: '1.0.0', optional: true }
  }
  const lock = (packages: object) => writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
  const installed = (packages: object) => writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))

  it('is content with every package in its version, optional ones of other platforms aside', () => {
    lock(wanted)
    installed({ 'node_modules/vue': { version: '3.5.1' } })
    expect(packagesMatch(root)).toBe(true)
  })

  it.each([
    ['another version', { 'node_modules/vue': { version: '3.5.0' } }],
    ['a missing package', {}],
    ['another version of an optional one', { 'node_modules/vue': { version: '3.5.1' }, 'node_modules/native-mac': { version: '0.9.0' } }]
  ])('sees %s', (_what, found) => {
    lock(wanted)
    installed(found)
    expect(packagesMatch(root)).toBe(false)
  })

  it('sees that nothing is installed', () => {
    lock(wanted)
    expect(packagesMatch(root)).toBe(false)
  })
})

describe('the stamp of the sources', () => {
  const write = (name: string, text: string) => writeFileSync(join(root, 'src', name), text)

  it('changes with content and with names, and with nothing else', () => {
    write('a.ts', 'one')
    const first = sourceStamp(root)
    write('a.ts', 'one')
    expect(sourceStamp(root)).toBe(first)
    write('a.ts', 'two')
    expect(sourceStamp(root)).not.toBe(first)
    write('a.ts', 'one')
    write(join('shared', 'b.ts'), '')
    expect(sourceStamp(root)).not.toBe(first)
  })
})

describe('the count of results', () => {
  it('takes a test file that could not be loaded for a failed test', () => {
    const testResults = [
      { name: join(ROOT, 'a.test.ts'), status: 'passed', assertionResults: [{ status: 'passed' }] },
      {
        name: join(ROOT, 'b.test.ts'),
        status: 'failed',
        assertionResults: [{ status: 'failed', fullName: 'it adds' }, { status: 'passed' }]
      },
      { name: join(ROOT, 'c.test.ts'), status: 'failed', assertionResults: [] }
    ]
    expect(countVitest({ numPassedTests: 2, numFailedTests: 1, testResults })).toEqual({
      passed: 2,
      failed: 2,
      failures: ['b.test.ts: it adds', 'c.test.ts: could not be run']
    })
  })

  it('takes flaky tests and errors outside tests for failures', () => {
    const specs = [
      { file: 'a.spec.ts', line: 3, title: 'opens', ok: true },
      { file: 'a.spec.ts', line: 9, title: 'closes', ok: false }
    ]
    const suites = [{ specs: [], suites: [{ specs }] }]
    const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 0 }
    expect(countPlaywright({ stats, suites, errors: [{ message: 'no window' }] })).toEqual({
      passed: 5,
      failed: 3,
      failures: ['tests/e2e/a.spec.ts:9: closes', 'tests/e2e: no window']
    })
  })

  it('adds up', () => {
    expect(
      sum([
        { passed: 1, failed: 0, failures: [] },
        { passed: 2, failed: 1, failures: ['lint'] }
      ])
    ).toEqual({ passed: 3, failed: 1, failures: ['lint'] })
  })
})
