/** The table of errors as data: no entry that nothing fails with, none whose text no test has seen. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../../src/shared/errors'

const ROOT = join(import.meta.dirname, '../../..')
const THIS = 'errors-covered.test.ts'
/** Shorter pieces of a message, such as " in ", say nothing. */
const SHORTEST = 6

function sources(folder: string): string {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
  const files = entries.filter(
    (entry) =>
      entry.isFile() &&
      /\.(ts|vue)$/.test(entry.name) &&
      entry.name !== THIS &&
      entry.name !== 'errors.ts' &&
      !entry.parentPath.endsWith('error-texts')
  )
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n')
}

/** What lies between the holes of a text. */
const piecesOf = (text: string): string[] => text.split(/\{\w+\}/).filter((piece) => piece.length >= SHORTEST)

const entries = Object.entries(ERRORS).map(([code, { message, fix }]) => {
  const pieces = piecesOf(message)
  return { code, pieces: pieces.length > 0 ? pieces : piecesOf(fix) }
})
const code = sources('src')
// Patterns in tests escape what is special in them; quotes inside quotes are escaped, too.
const tests = sources('tests').replaceAll('\\', '')

describe.each(entries)('$code', ({ code: name, pieces }) => {
  it('is used', () => {
    expect(code).toContain(`'${name}'`)
  })

  it('has a test that provokes its text', () => {
    const own = pieces.filter((piece) => !entries.some((other) => other.code !== name && other.pieces.some((text) => text.includes(piece))))
    expect(own, 'a piece of the message that no other message holds').not.toEqual([])
    expect(own.some((piece) => tests.includes(piece) || tests.includes(piece.trim()))).toBe(true)
  })
})
