import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTokenizer } from '../../../src/main/models/tokenizer'
import { TokenizerFile } from '../../../src/main/models/tokenizer-file'
import { sentencePieceTokenizer } from '../../../src/main/models/tokenizer-sentencepiece'
import type { Tokenizer } from '../../../src/main/models/types'
import { digestOf, fixture, TEXTS, TOKENIZER_FIXTURES } from '../../support/tokenizer-texts'

const NAMES = ['bpe-bytes', 'bpe-symbols', 'bpe-unknown', 'unigram-rules', 'unigram-bytes', 'unigram-symbols']
const Golden = z.object({ size: z.number(), digests: z.record(z.string(), z.string()) })

function open(name: string): Tokenizer {
  const bytes = readFileSync(join(TOKENIZER_FIXTURES, 'sentencepiece', `${name}.model`))
  const { raw, scores } = sentencePieceTokenizer(bytes, { add_bos_token: false }, (reason) => {
    throw new Error(reason)
  })
  return createTokenizer({ file: TokenizerFile.parse(raw), config: {}, path: 'tokenizer.model', ...(scores && { scores }) })
}

describe('tokenizer.model gives the ids that SentencePiece itself gives', () => {
  it.each(NAMES)('%s', (name) => {
    const { size, digests } = fixture(`sentencepiece/${name}.json`, Golden)
    const tokenizer = open(name)
    expect(tokenizer.size).toBe(size)
    const wrong = TEXTS.flatMap(({ what, text }) => {
      const ids = tokenizer.encode(text)
      return digestOf(ids).slice(0, 8) === digests[what] ? [] : [`${what}: ${ids.map((id) => JSON.stringify(tokenizer.token(id).text)).join(' ')}`]
    })
    expect(wrong).toEqual([])
  })
})
