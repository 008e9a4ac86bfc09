import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../../src/main/models/tokenizer'
import { TokenizerFile } from '../../../src/main/models/tokenizer-file'
import { sentencePieceTokenizer } from '../../../src/main/models/tokenizer-sentencepiece'
import type { Tokenizer } from '../../../src/main/models/types'
import { failureOf } from '../../support/failing'

type Parts = Record<string, unknown>
const BPE = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] }
const UNIGRAM = { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['▁', -1], ['a', -2]] }

function open(parts: Parts, d_vocab?: number): Tokenizer {
  return createTokenizer({ file: TokenizerFile.parse({ model: BPE, ...parts }), config: {}, path: 'tokenizer.json' }, d_vocab)
}
const model = (change: Parts): Parts => ({ model: { ...BPE, ...change } })
const split = (Regex: string): Parts => ({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated' } })
const added = (content: string, id: number): Parts => ({ added_tokens: [{ id, content }] })

describe('a tokenizer that cannot be followed exactly is refused with the reason', () => {
  const cases: [what: string, parts: Parts, reason: string][] = [
    ['a model of another kind', { model: { type: 'WordPiece', vocab: { a: 0 } } }, 'its model "WordPiece" is not supported (supported are: BPE, Unigram)'],
    ['a model of no kind', { model: { vocab: { a: 0 } } }, 'its model "WordLevel" is not supported (supported are: BPE, Unigram)'],
    ['BPE with a list', model({ vocab: [['a', 0]] }), 'its vocabulary is a list, where BPE needs a table of pieces'],
    ['Unigram with a table', { model: { ...UNIGRAM, vocab: { a: 0 } } }, 'its vocabulary has no log-probabilities'],
    ['Unigram with a score that is none', { model: { ...UNIGRAM, vocab: [['a', '0']] } }, 'its vocabulary is no list of pieces with their log-probabilities'],
    ['Unigram with an unknown token beyond its end', { model: { ...UNIGRAM, unk_id: 3 } }, 'its unknown token 3 is not in its vocabulary'],
    ['a piece as long as a page', { model: { ...UNIGRAM, vocab: [['a'.repeat(1025), -1]] } }, `its piece "${'a'.repeat(40)}"... has more than 1024 characters`],
    ['merges left to chance', model({ dropout: 0.1 }), 'it drops merges at random (dropout)'],
    ['a merge of an unknown piece', model({ merges: ['a b', 'a c'] }), 'its merge 2 names the piece "c", which is not in its vocabulary'],
    ['a merge into an unknown piece', model({ merges: [['b', 'a']] }), 'its merge 1 names the piece "ba", which is not in its vocabulary'],
    ['merges without end', model({ merges: Array(2 ** 21 + 1).fill('a b') }), 'it has more than 2097152 merges'],
    ['pieces without end', { model: { ...UNIGRAM, vocab: Array.from({ length: 4500 }, (_, id) => [String(id).padEnd(1000), -1]) } }, 'its pieces hold more than 4194304 characters together'],
    ['a merge of three', model({ merges: ['a b a'] }), 'its merge 1 is not a pair of pieces'],
    ['an unknown token that is not there', model({ unk_token: '<unk>' }), 'its unknown token "<unk>" is not in its vocabulary'],
    ['a fraction as an id', model({ vocab: { a: 0.5 } }), 'the id of its piece "a" is no whole number'],
    ['one id for two pieces', model({ vocab: { a: 1, b: 1 } }), 'the id 1 belongs to two of its pieces, "a" and "b"'],
    ['two ids for one piece', { model: { ...UNIGRAM, vocab: [['a', -1], ['a', -2]], unk_id: null } }, 'its piece "a" has two ids, 0 and 1'],
    ['an id that would fill the memory', model({ vocab: { a: 2 ** 31 } }), `its piece "a" has the id ${2 ** 31}, and more than 4194304 ids are not supported`],
    ['an added token on the place of a piece', added('<x>', 1), 'the id 1 belongs to two of its pieces, "b" and "<x>"'],
    ['an added token with an id beside its piece', added('a', 7), 'its added token "a" has the id 7, but the piece of that name has 0'],
    ['a BOS that it does not name', { post_processor: { type: 'BertProcessing', cls: ['<s>', 9], sep: ['</s>', 9] } }, 'it surrounds texts with the id 9, which it does not name'],
    ['an unknown normalizer', { normalizer: { type: 'BertNormalizer' } }, 'its normalizer "BertNormalizer" is not supported (supported are: '],
    ['a normalizer named as what every object has', { normalizer: { type: 'constructor' } }, 'its normalizer "constructor" is not supported (supported are: '],
    ['an unknown pre-tokenizer', { pre_tokenizer: { type: 'UnicodeScripts' } }, 'its pre-tokenizer "UnicodeScripts" is not supported (supported are: '],
    ['an unknown way of splitting', { pre_tokenizer: { type: 'Punctuation', behavior: 'Doubled' } }, 'its way of splitting "Doubled" is not known'],
    ['an unknown scheme', { pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'last' } }, 'the prepend_scheme of its Metaspace is not known, or add_prefix_space contradicts it'],
    ['a pattern of no kind', { pre_tokenizer: { type: 'Split', pattern: 3, behavior: 'Isolated' } }, 'one of its patterns is neither a string nor a regular expression'],
    ['a charsmap cut short', { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, 'its precompiled_charsmap is damaged'],
    ['a charsmap that lies about its length', { normalizer: { type: 'Precompiled', precompiled_charsmap: '/////w==' } }, 'its precompiled_charsmap is damaged'],
    ['the anchor G', split(String.raw`\Ga`), String.raw`its regular expression \Ga uses the anchor \G, which JavaScript cannot do the same way`],
    ['an atomic group', split('(?>a)'), 'its regular expression (?>a) uses an atomic group, which JavaScript cannot do the same way'],
    ['a possessive quantifier', split('a++b'), 'its regular expression a++b uses a possessive quantifier, which JavaScript cannot do the same way'],
    ['a reference', split(String.raw`(a)\1`), String.raw`its regular expression (a)\1 uses references to groups, which JavaScript cannot do the same way`],
    ['options in the middle', split('a(?i)b'), 'its regular expression a(?i)b uses options in the middle, which JavaScript cannot do the same way'],
    ['a regular expression that is none', split('(('), 'its regular expression (( cannot be read (Invalid regular expression: '],
    ['a regular expression of pages', split('a'.repeat(4097)), `its regular expression ${'a'.repeat(60)}... has more than 4096 characters`]
  ]
  it.each(cases)('%s', async (_, parts, reason) => {
    expect(await failureOf(() => open(parts))).toContain(`The tokenizer in tokenizer.json cannot be used: ${reason}`)
  })

  it('a piece outside of the model', async () => {
    expect(await failureOf(() => open({}, 2))).toContain("it has a piece with the id 2, and the model's vocabulary ends at 1")
    // An added token may lie outside: it is refused where it is used.
    expect(open(added('<image>', 3), 3).size).toBe(4)
  })

  it('an escaped backslash before a letter is not an anchor', () => {
    expect(open(split(String.raw`\\G`)).encodeRaw('ab')).toEqual([2])
  })
})

describe('a text takes its time and no more', () => {
  it('a regular expression that needs 2^n steps is ended, and the tokenizer stays usable', async () => {
    const tokenizer = open(split('(?:a+)+c'))
    const begun = performance.now()
    expect(await failureOf(() => tokenizer.encode('a'.repeat(200)))).toContain('one of its regular expressions takes longer than 2 s for this text')
    // The limit is 2 s; a machine that is busy elsewhere may notice it late.
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(tokenizer.encode('ab')).toEqual([2])
  })

  it('pieces, symbols and white space that repeat take time in proportion to the text', () => {
    const vocab = [['<unk>', 0], ...Array.from({ length: 1000 }, (_, length) => ['a'.repeat(length + 1), -1 - length / 1e6])]
    const texts = ['a'.repeat(20_000), ' '.repeat(100_000), '<'.repeat(100_000)]
    const begun = performance.now()
    for (const text of texts) {
      open({ model: { ...UNIGRAM, vocab } }).encode(text)
      open({ normalizer: { type: 'Strip', strip_left: true, strip_right: true }, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } }).encode(text)
      open({ added_tokens: Array.from({ length: 1000 }, (_, length) => ({ id: 3 + length, content: '<'.repeat(length + 1), lstrip: true })) }).encode(text)
    }
    expect(performance.now() - begun).toBeLessThan(15_000)
  })
})

describe('a tokenizer.model that is none', () => {
  const opened = (bytes: Uint8Array) => (): unknown =>
    sentencePieceTokenizer(bytes, {}, (reason) => {
      throw new Error(reason)
    })
  /** Fields of a message, each with its tag: lengths below 128. */
  const message = (number: number, bytes: readonly number[]): number[] => [number * 8 + 2, bytes.length, ...bytes]
  const piece = (text: string, type: number): number[] => message(1, [...message(1, [...Buffer.from(text)]), 24, type])
  const cases: [what: string, bytes: number[], reason: RegExp][] = [
    ['nothing', [], /^it holds no pieces$/],
    ['text', [...Buffer.from('version https://git-lfs.github.com/spec/v1')], /it is not a SentencePiece model/],
    ['a length beyond its end', [10, 100, 1], /it is not a SentencePiece model, or it is damaged/],
    ['a number without end', [8, ...Array.from({ length: 12 }, () => 255)], /it is not a SentencePiece model, or it is damaged/],
    ['a number where a piece should be', [8, 1], /it is not a SentencePiece model/],
    ['no unknown token', piece('a', 1), /^it has no unknown token$/],
    ['unused pieces', [...piece('u', 2), ...piece('a', 5)], /^it has pieces that it marks as unused$/],
    ['a type from the future', piece('a', 9), /^one of its pieces has the unknown type 9$/],
    ['words', [...piece('u', 2), ...message(2, [24, 3])], /^its model is neither BPE nor Unigram$/],
    ['spaces behind words', [...piece('u', 2), ...message(2, [192, 1, 1])], /treat_whitespace_as_suffix/],
    ['bare spaces', [...piece('u', 2), ...message(3, [40, 0])], /escape_whitespaces is off/],
    ['the same piece twice', [...piece('u', 2), ...piece('u', 1), ...message(2, [24, 2])], /^two of its pieces are the same$/]
  ]
  it.each(cases)('%s', (_, bytes, reason) => {
    expect(opened(Uint8Array.from(bytes))).toThrow(reason)
  })
})
