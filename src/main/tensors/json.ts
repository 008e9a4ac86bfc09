/** JSON from disk: read with clear refusals, and the one check JSON.parse does not make. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { checkFile, failToRead } from './files'

/** The largest known tokenizer.json has 35 MB. */
const MAX_BYTES = 2 ** 28

const JsonObject = z.record(z.string(), z.unknown())

/**
 * A JSON file that holds an object, not looked into any further.
 * @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  await checkFile(path, MAX_BYTES)
  const text = await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error))
  const value = parse(text, path)
  const parsed = JsonObject.safeParse(value)
  return parsed.success ? parsed.data : fail('JSON_INVALID', { path, reason: 'it does not hold an object' })
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return fail('JSON_INVALID', { path, reason: error instanceof Error ? error.message : String(error) }, error)
  }
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
