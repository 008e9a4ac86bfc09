import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import { openTokenizer } from '../../../src/main/models/tokenizer'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { TOKENIZER_FIXTURES } from '../../support/tokenizer-texts'

const [GPT2 = ''] = TINY_MODELS
const PIECES = ['<|endoftext|>', 'Ġ', 'h', 'i', 'hi', 'Ġhi', 'e', 'Ì', 'ģ', 'Ã', '©', '1', '2', '12']
const MERGES = ['#version: 0.2', 'h i', 'Ġ hi', '1 2', '']

async function folderOf(files: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder()
  const all = { 'vocab.json': Object.fromEntries(PIECES.map((piece, id) => [piece, id])), 'merges.txt': MERGES.join('\n'), ...files }
  for (const [name, content] of Object.entries(all)) await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return folder
}

describe('vocab.json with merges.txt', () => {
  it('is read as GPT-2 reads it: its end of text is special, and nothing is added', async () => {
    const tokenizer = await openTokenizer(await folderOf({}))
    expect(tokenizer.encode('hi hi12')).toEqual([4, 5, 13])
    expect([...tokenizer.specialIds]).toEqual([0])
    expect(tokenizer.encode('<|endoftext|>')).not.toContain(0)
  })

  it('may come with Windows line ends', async () => {
    const tokenizer = await openTokenizer(await folderOf({ 'merges.txt': MERGES.join('\r\n') }))
    expect(tokenizer.encode(' hi')).toEqual([5])
  })

  it('takes added tokens from all the small files beside it', async () => {
    const folder = await folderOf({
      'added_tokens.json': { '<extra>': 14, '<pad>': 15 },
      'special_tokens_map.json': { pad_token: '<pad>', bos_token: { content: '<|endoftext|>', lstrip: false } },
      'tokenizer_config.json': { add_bos_token: true, bos_token: '<|endoftext|>', added_tokens_decoder: { 16: { content: '<tool>', special: false }, 17: { content: '<end>', special: true } } }
    })
    const tokenizer = await openTokenizer(folder)
    expect(tokenizer.encode('hi<extra><tool>')).toEqual([0, 4, 14, 16])
    expect([...tokenizer.specialIds].sort((a, b) => a - b)).toEqual([0, 15, 17])
  })

  it('of Qwen2 is composed (NFC) first, and its digits stand alone', async () => {
    const plain = await openTokenizer(await folderOf({}))
    expect(plain.encode('e\u030112')).toEqual([6, 7, 8, 13])
    const qwen = await openTokenizer(await folderOf({ 'tokenizer_config.json': { tokenizer_class: 'Qwen2Tokenizer' } }))
    expect(qwen.encode('e\u030112')).toEqual([9, 10, 11, 12])
  })

  it('with ids that are none is refused', async () => {
    const folder = await folderOf({ 'vocab.json': { a: 'b' } })
    expect(await failureOf(() => openTokenizer(folder))).toContain(`The tokenizer in ${join(folder, 'vocab.json')} cannot be used: the id of its piece "a" is no whole number`)
  })
})

describe('a model folder without tokenizer.json', () => {
  const copy = async (): Promise<string> => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(GPT2, folder, { recursive: true })
    await rm(join(folder, 'tokenizer.json'))
    return folder
  }

  it('opens with vocab.json and merges.txt; its hash covers them and what is beside them', async () => {
    const folder = await copy()
    await writeFile(join(folder, 'vocab.json'), JSON.stringify(Object.fromEntries(PIECES.map((piece, id) => [piece, id]))))
    await writeFile(join(folder, 'merges.txt'), MERGES.join('\n'))
    const { tokenizer, hash } = await openModel(folder)
    expect(tokenizer.encode(' hi')).toEqual([5])
    await writeFile(join(folder, 'merges.txt'), MERGES.slice(0, 2).join('\n'))
    const other = (await openModel(folder)).hash
    expect(other).not.toBe(hash)
    await writeFile(join(folder, 'added_tokens.json'), '{"<x>": 14}')
    expect((await openModel(folder)).hash).not.toBe(other)
  })

  it('opens with tokenizer.model, and is refused when that has more pieces than the model', async () => {
    const folder = await copy()
    const config: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
    await cp(join(TOKENIZER_FIXTURES, 'sentencepiece/bpe-bytes.model'), join(folder, 'tokenizer.model'))
    expect(config).toMatchObject({ vocab_size: 56 })
    expect(await failureOf(() => openModel(folder))).toContain("it has a piece with the id 699, and the model's vocabulary ends at 55")
    const tokenizer = await openTokenizer(folder)
    expect(tokenizer.token(tokenizer.encode('a')[0] ?? -1)).toEqual({ id: 1, text: '<s>', special: true })
    expect(tokenizer.decode(tokenizer.encode('a — b'))).toBe('a — b')
    await writeFile(join(folder, 'tokenizer_config.json'), '{"add_bos_token": false}')
    expect((await openTokenizer(folder)).encode('')).toEqual([])
  })
})
