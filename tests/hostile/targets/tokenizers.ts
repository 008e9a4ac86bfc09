/** Small honest tokenizer.json files of the kinds that the fixtures' models do not have. */
import type { Seed } from '../types'

const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,!?']
const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
const special = (content: string, id: number): object => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false
})
const numbered = (pieces: readonly string[]): Record<string, number> => Object.fromEntries(pieces.map((piece, id) => [piece, id]))

/** As Llama 2's and Gemma's: spaces become U+2581, unknown characters their bytes. */
const sentencePieceBpe = {
  version: '1.0',
  added_tokens: [special('<unk>', 0), special('<s>', 1), special('</s>', 2)],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
    ]
  },
  pre_tokenizer: null,
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } }
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 }
    ]
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: numbered(['<unk>', '<s>', '</s>', ...bytes, '▁', ...letters, 'th', 'the', '▁the', 'qu']),
    merges: ['t h', 'th e', '▁ the', 'q u']
  }
}

/** As T5's: pieces with log-probabilities. */
const unigram = {
  version: '1.0',
  added_tokens: [special('<pad>', 0), special('</s>', 1), special('<unk>', 2)],
  normalizer: { type: 'NFKC' },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', add_prefix_space: true },
  post_processor: null,
  decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', add_prefix_space: true },
  model: {
    type: 'Unigram',
    unk_id: 2,
    vocab: [
      ['<pad>', 0],
      ['</s>', 0],
      ['<unk>', 0],
      ['▁', -2],
      ...letters.map((letter, i) => [letter, -4 - i / 100]),
      ['▁the', -3],
      ['qu', -5]
    ]
  }
}

export const TOKENIZERS: readonly Seed[] = Object.entries({ sentencePieceBpe, unigram }).map(([name, file]) => ({
  name,
  bytes: Buffer.from(JSON.stringify(file))
}))
