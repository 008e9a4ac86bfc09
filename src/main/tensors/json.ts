/** JSON from disk: read with clear refusals and bounded, and the one check JSON.parse does not make. */
import { readFile } from 'node:fs/promises'
import { fail } from '../../shared/errors'
import { checkFile, failToRead } from './files'

/** The largest known tokenizer.json has 35 MB, three million values and a depth of 8. */
const MAX_BYTES = 2 ** 26
const MAX_VALUES = 10_000_000
const MAX_DEPTH = 64

/**
 * A JSON file that holds an object, not looked into any further.
 * @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  await checkFile(path, MAX_BYTES)
  const text = await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error))
  const value = parseJson(text, path)
  return isObject(value) ? value : fail('JSON_INVALID', { path, reason: 'it does not hold an object' })
}

/** Whether a parsed value is an object. Not a schema, which would copy: a tokenizer's has hundreds of thousands of keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A bounded `JSON.parse`: what is nested too deep would overflow the stack of whoever walks it, and a few bytes make many values.
 * @throws JSON_INVALID
 */
export function parseJson(text: string, path: string): unknown {
  const reason = excessOf(text)
  if (reason !== null) return fail('JSON_INVALID', { path, reason })
  try {
    return JSON.parse(text)
  } catch (error) {
    return fail('JSON_INVALID', { path, reason: error instanceof Error ? error.message : String(error) }, error)
  }
}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, BEGIN, END] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d]

/** What is too much in a text of JSON, or null. Counts brackets and commas outside of strings. */
export function excessOf(text: string): string | null {
  let depth = 0
  let values = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) inString = !inString
    else if (inString) {
      if (code === BACKSLASH) i++
    } else if (code === OPEN || code === BEGIN) {
      values++
      if (++depth > MAX_DEPTH) return `it nests more than ${MAX_DEPTH} levels deep`
    } else if (code === CLOSE || code === END) depth--
    else if (code === COMMA && ++values > MAX_VALUES) return `it holds more than ${MAX_VALUES} values`
  }
  return null
}

/** The first key that occurs twice in one object of valid JSON `text`, or null. JSON.parse would keep the last silently. */
export function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = []
  const strings = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[[\]{}]/g
  for (const [found, colon] of text.matchAll(strings)) {
    if (found === '{') open.push(new Set())
    else if (found === '[') open.push(null)
    else if (found === '}' || found === ']') open.pop()
    else if (colon !== undefined) {
      const key = String(JSON.parse(found.slice(0, found.length - colon.length)))
      const keys = open.at(-1)
      if (keys?.has(key)) return key
      keys?.add(key)
    }
  }
  return null
}
