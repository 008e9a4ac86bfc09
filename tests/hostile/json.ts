/** Ways to spoil JSON that leave it JSON, most of the time. */
import type { Random } from '../support/random-numbers'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const NASTY: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e9,
  1e15,
  2 ** 53,
  1e308,
  -1e308,
  '',
  'x',
  '\0',
  '../../etc/passwd',
  'a'.repeat(5000),
  '𝕏',
  [],
  {},
  [[]],
  [null],
  { type: 'Sequence' },
  { constructor: 1 },
  '<s>',
  '(a+)+$',
  'F32',
  'float16'
]

/** The same text with one to four values replaced, removed, added, repeated or moved; now and then not JSON any more. */
export function spoilJson(random: Random, text: string): string {
  const root = JSON.parse(text) as Json
  const count = 1 + random.below(4)
  for (let i = 0; i < count; i++) spoilOne(random, root)
  const spoilt = JSON.stringify(root)
  const extra = random.below(24)
  if (extra === 0) return spoilt.replace(/\d+/, random.pick(['1e999', '-0', '9'.repeat(400), 'NaN', '0x10']))
  if (extra === 1) return deep(random, spoilt)
  if (extra === 2) return spoilt.replace('{', `{"__proto__":{"polluted":1},`)
  if (extra === 3) return doubled(random, spoilt)
  if (extra === 4) return `\ufeff${spoilt}`
  if (extra === 5) return `[${spoilt}]`
  return spoilt
}

function deep(random: Random, text: string): string {
  const depth = random.pick([10, 60, 70, 5000, 200_000])
  const nest = random.pick([
    () => '['.repeat(depth) + ']'.repeat(depth),
    () => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
    () => '['.repeat(depth)
  ])()
  return random.pick([nest, text.replace(/:/, `:${nest},"x":`)])
}

/** A key a second time, with another value. */
function doubled(random: Random, text: string): string {
  const keys = [...text.matchAll(/"([^"\\]{1,40})":/g)]
  if (keys.length === 0) return text
  const key = random.pick(keys)
  return text.slice(0, key.index) + `"${key[1]}":${JSON.stringify(random.pick(NASTY))},` + text.slice(key.index)
}

function spoilOne(random: Random, root: Json): void {
  let parent = containerIn(random, root)
  for (let depth = random.below(5); depth > 0; depth--) parent = containerIn(random, parent)
  if (typeof parent !== 'object' || parent === null) return
  const keys = Object.keys(parent)
  if (keys.length === 0) return
  const key = random.pick(keys)
  const action = random.below(6)
  const entries = Array.isArray(parent) ? parent.entries() : Object.entries(parent)
  const values = [...entries].map(([, value]) => value)
  if (Array.isArray(parent)) {
    const index = Number(key)
    if (action === 0) parent.splice(index, 1)
    else if (action === 1) parent.push(...parent.slice(0, 3000))
    else parent[index] = replacement(random, values[index] ?? null, values)
  } else if (action === 0) delete parent[key]
  else if (action === 1) parent[random.pick(['x', '', key.toUpperCase(), random.pick(keys)])] = parent[key] ?? null
  else parent[key] = replacement(random, parent[key] ?? null, values)
}

function containerIn(random: Random, value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  const inner = Object.values(value).filter((item) => typeof item === 'object' && item !== null)
  return inner.length === 0 || random.below(4) === 0 ? value : random.pick(inner)
}

function replacement(random: Random, old: Json, siblings: readonly Json[]): Json {
  if (typeof old === 'number' && random.below(2) === 0)
    return random.pick([old + 1, old - 1, -old, old * 2, old / 2, old + 0.5, old * 1e6, old * 1e12])
  if (typeof old === 'string' && random.below(3) === 0) return random.pick([old + old, old.slice(1), old.toUpperCase(), `${old}\0`])
  if (random.below(4) === 0) return structuredClone(random.pick(siblings))
  return structuredClone(random.pick(NASTY))
}
