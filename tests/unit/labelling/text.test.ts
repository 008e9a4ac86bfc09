import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { quietTask } from '../../../src/shared/task'
import { readWindows, type Windows } from '../../../src/main/labelling/text'
import { bosOf } from '../../../src/main/models'
import { openModel } from '../../../src/main/models'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { DEFAULT_MODEL } from '../../support/models'

const model = await openModel(DEFAULT_MODEL)
const bos = bosOf(model)

async function windowsOf(name: string, text: string | Uint8Array, more: { size?: number; tokens?: number; prependBos?: boolean } = {}) {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, text)
  return readWindows({ path, model, prependBos: true, size: 8, tokens: 1_000_000, ...more }, quietTask())
}
const all = (windows: Windows): number[][] => Array.from({ length: windows.count }, (_, i) => windows.ids(i))
/** The ids of every window one after the other, BOS left out. */
const flat = (windows: Windows): number[] => all(windows).flatMap((ids) => ids.slice(windows.bos === null ? 0 : 1))

const STORY = 'Mia lost her red ball in the park. She was very sad. Tom saw her and said: do not cry.\n'

it('cuts a text into windows that each begin with BOS and hold every token once, in order', async () => {
  const windows = await windowsOf('story.txt', STORY)
  expect(bos).not.toBeNull()
  expect(all(windows).every((ids) => ids[0] === bos && ids.length <= 8)).toBe(true)
  expect(flat(windows)).toEqual(model.tokenizer.encodeRaw(STORY))
  expect(windows.tokens).toBe(model.tokenizer.encodeRaw(STORY).length)
  expect(windows.truncated).toBe(false)
})

it('leaves BOS out where the SAE was trained without it', async () => {
  const windows = await windowsOf('story.txt', STORY, { prependBos: false })
  expect(windows.bos).toBeNull()
  expect(all(windows).flat()).toEqual(model.tokenizer.encodeRaw(STORY))
})

it('begins a window anew at each document of a .jsonl file', async () => {
  const texts = ['Tom ran.', '', 'Mia slept well that night, and the next.']
  const windows = await windowsOf('texts.jsonl', texts.map((text) => JSON.stringify({ text, other: 1 })).join('\n'))
  const expected = texts.flatMap((text) => {
    const ids = model.tokenizer.encodeRaw(text)
    return Array.from({ length: Math.ceil(ids.length / 7) }, (_, i) => [bos, ...ids.slice(i * 7, i * 7 + 7)])
  })
  expect(all(windows)).toEqual(expected)
})

it('parts documents of a plain text where a line says <|endoftext|>, and nowhere else', async () => {
  const parted = await windowsOf('parted.txt', 'Tom ran.\n<|endoftext|>\nMia slept.')
  expect(all(parted)).toEqual([
    [bos, ...model.tokenizer.encodeRaw('Tom ran.')],
    [bos, ...model.tokenizer.encodeRaw('\nMia slept.')]
  ])
  const spelt = await windowsOf('spelt.txt', 'Tom <|endoftext|> ran.', { size: 64 })
  expect(spelt.count).toBe(1)
})

it('a long text loses nothing at the seams of the pieces it is read in', async () => {
  const text = STORY.repeat(4000)
  const windows = await windowsOf('long.txt', text, { size: 128 })
  expect(model.tokenizer.decode(flat(windows))).toBe(text)
  const oneLine = STORY.trim().replaceAll('\n', ' ').concat(' ').repeat(2000)
  expect(model.tokenizer.decode(flat(await windowsOf('line.txt', oneLine, { size: 128 })))).toBe(oneLine)
})

it('stops at the number of tokens asked for, and says so', async () => {
  const whole = await windowsOf('story.txt', STORY)
  const begun = await windowsOf('story.txt', STORY, { tokens: 10 })
  expect(begun).toMatchObject({ tokens: 10, truncated: true })
  expect(flat(begun)).toEqual(flat(whole).slice(0, 10))
  expect(await windowsOf('story.txt', STORY, { tokens: whole.tokens })).toMatchObject({ truncated: false })
})

it.each<[string, string, string | Uint8Array, string]>([
  ['an empty file', 'a.txt', '', 'there is no text in it'],
  ['documents without text', 'a.jsonl', '{"text":""}\n', 'there is no text in it'],
  ['a line that is no document', 'a.jsonl', '{"text":"a"}\n{"txt":"b"}\n', 'line 2: it is not {"text": ...}'],
  ['a line that is no JSON', 'a.jsonl', '{"text":"a"}\nb\n', 'line 2: it is not {"text": ...}'],
  ['bytes', 'a.txt', Uint8Array.from({ length: 300 }, (_, i) => i % 256), 'it is not plain text']
])('%s is refused', async (_, name, content, reason) => {
  const failure = await failureOf(() => windowsOf(name, content))
  expect(failure).toContain(`${name} cannot be read as text to label from: ${reason}.`)
  expect(failure).toContain('Choose a .txt file, or a .jsonl file with {"text": ...} in every line.')
})
