import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTokenizer, createTokenizer } from '../../../src/main/models/tokenizer'
import { TokenizerConfig, TokenizerFile } from '../../../src/main/models/tokenizer-file'
import type { Tokenizer } from '../../../src/main/models/types'

const FOLDER = join(import.meta.dirname, '../../../models/storyteller/model')
const Vectors = z.array(z.object({ text: z.string(), ids: z.array(z.number()) }))

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await openTokenizer(FOLDER)
})

describe('the default model', () => {
  const vectors = Vectors.parse(JSON.parse(readFileSync(join(FOLDER, 'tokenizer_vectors.json'), 'utf8')))

  it('gives the ids of every golden vector, and its text back', () => {
    expect(vectors).toHaveLength(200)
    for (const { text, ids } of vectors) {
      expect(tokenizer.encodeRaw(text), JSON.stringify(text)).toEqual(ids)
      expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(text)
    }
  })

  it('puts BOS first, as its post-processor says', () => {
    expect(tokenizer.encode('')).toEqual([0])
    expect(tokenizer.encode(' the')).toEqual([0, 265])
  })

  it('takes a special token spelt in the text as text', () => {
    const ids = tokenizer.encodeRaw('a<|endoftext|>b')
    expect(ids).not.toContain(0)
    expect(tokenizer.decode(ids)).toBe('a<|endoftext|>b')
  })

  it('shows spaces as they are, fragments of a character as hex, and special tokens as special', () => {
    expect(tokenizer.token(265)).toEqual({ id: 265, text: ' the', special: false })
    expect(tokenizer.token(0)).toEqual({ id: 0, text: '<|endoftext|>', special: true })
    const dog = tokenizer.encodeRaw('🐶').map((id) => tokenizer.token(id))
    expect(dog.map(({ text }) => text)).toEqual(dog.map(() => ''))
    expect(dog.map(({ hex }) => hex).join(' ')).toBe('f0 9f 90 b6')
  })

  it('decodes nothing to nothing, leaves special tokens out, and says of an id without spelling that it is unused', () => {
    expect(tokenizer.decode([])).toBe('')
    expect(tokenizer.decode([0])).toBe('')
    expect(tokenizer.decode([0, 265, 0])).toBe(' the')
    expect(tokenizer.size).toBe(2048)
    expect(tokenizer.token(5000)).toEqual({ id: 5000, text: '<unused 5000>', special: true })
  })

  it('reads 100,000 characters in reasonable time', () => {
    const ids = tokenizer.encodeRaw('The little fox ran home. '.repeat(4000))
    expect(ids.length).toBeGreaterThan(20_000)
  })
})

/** A SentencePiece-like BPE tokenizer with byte fallback, as Llama 2's file is built. */
function sentencePiece(postProcessor: unknown, config: unknown = {}): Tokenizer {
  const pieces = ['<unk>', '<s>', '</s>', '<0xE2>', '<0x80>', '<0x94>', '▁', 'h', 'i', 'hi', '▁hi', '<', 's', '>']
  const file = {
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
      ]
    },
    pre_tokenizer: null,
    post_processor: postProcessor,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 }
      ]
    },
    model: { type: 'BPE', unk_token: '<unk>', byte_fallback: true, vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges: ['h i', '▁ hi'] }
  }
  return createTokenizer({ file: TokenizerFile.parse(file), config: TokenizerConfig.parse(config), path: 'tokenizer.json' })
}

const template = (before: string[]): unknown => ({
  type: 'TemplateProcessing',
  single: [...before.map((id) => ({ SpecialToken: { id, type_id: 0 } })), { Sequence: { id: 'A', type_id: 0 } }],
  pair: [],
  special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } }
})

describe('a SentencePiece tokenizer', () => {
  it('shows the prepended space, takes it away again from the beginning of a text, and joins byte fallbacks', () => {
    const llama = sentencePiece(template(['<s>']))
    expect(llama.encode('hi —')).toEqual([1, 10, 6, 3, 4, 5])
    expect(llama.token(10)).toEqual({ id: 10, text: ' hi', special: false })
    expect(llama.token(3)).toEqual({ id: 3, text: '', hex: 'e2', special: false })
    expect(llama.decode(llama.encode('hi —'))).toBe('hi —')
    // A continuation does not begin where a text begins, so its space is kept.
    expect(llama.decode([10])).toBe(' hi')
  })

  it('takes "<s>" in a prompt as three characters', () => {
    expect(sentencePiece(template(['<s>'])).encode('<s>')).toEqual([1, 6, 11, 12, 13])
  })
})

describe('Metaspace in files of before 2024', () => {
  it.each([
    [true, [2, 1]],
    [false, [1]],
    [undefined, [2, 1]]
  ])('add_prefix_space: %s', (add_prefix_space, ids) => {
    const model = { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['a', -1], ['▁', -1]] }
    const file = TokenizerFile.parse({ model, pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space } })
    const tokenizer = createTokenizer({ file, config: {}, path: 'tokenizer.json' })
    expect(tokenizer.encode('a')).toEqual(ids)
    expect([tokenizer.encodeRaw('a'), tokenizer.encodeRaw(' a')]).toEqual([[1], [2, 1]])
  })
})

describe('BOS', () => {
  const bos = { add_bos_token: true, bos_token: { content: '<s>' } }
  const cases: [rule: string, postProcessor: unknown, config: unknown, ids: number[]][] = [
    ['the post-processor puts it in front', template(['<s>']), {}, [1, 10]],
    ['the post-processor wins over the config', template([]), bos, [10]],
    ['RobertaProcessing surrounds the text', { type: 'RobertaProcessing', cls: ['<s>', 1], sep: ['</s>', 2] }, {}, [1, 10, 2]],
    ['a sequence of processors is looked through', { type: 'Sequence', processors: [{ type: 'ByteLevel' }, template(['<s>'])] }, {}, [1, 10]],
    ['without a deciding post-processor, add_bos_token decides', { type: 'ByteLevel' }, bos, [1, 10]],
    ['without both, nothing is added', null, { bos_token: '<s>' }, [10]]
  ]
  it.each(cases)('%s', (_, postProcessor, config, ids) => {
    expect(sentencePiece(postProcessor, config).encode('hi')).toEqual(ids)
  })
})
