import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTokenizer } from '../../../src/main/models/tokenizer'
import { TokenizerFile } from '../../../src/main/models/tokenizer-file'
import { digestOf, fixture, TEXTS } from '../../support/tokenizer-texts'

const object = z.record(z.string(), z.unknown())
const Rows = z.array(z.object({ what: z.string(), model: z.string(), options: object, file: object, digests: z.string() }))
const models = new Map(['bytes', 'sentencepiece', 'unigram'].map((name) => [name, fixture(`tiny/${name}.json`, object)]))

describe('small tokenizers of every stage give the ids that the Rust crate gives', () => {
  it.each(fixture('tiny/stages.json', Rows))('$what', ({ model, options, file, digests }) => {
    const parsed = TokenizerFile.parse({ ...file, model: { ...models.get(model), ...options } })
    const tokenizer = createTokenizer({ file: parsed, config: {}, path: 'tokenizer.json' })
    const expected = digests.split(' ')
    expect(expected).toHaveLength(2 * TEXTS.length)
    const wrong: string[] = []
    for (const [index, { what, text }] of TEXTS.entries()) {
      const [begins, continues] = [tokenizer.encode(text), tokenizer.encodeRaw(text)]
      expect([...begins, ...continues].filter((id) => tokenizer.specialIds.has(id) && tokenizer.token(id).text !== '<unk>'), what).toEqual([])
      for (const [offset, ids] of [begins, continues].entries()) {
        const digest = expected[2 * index + offset]
        if (digest !== '-' && digest !== digestOf(ids).slice(0, 8)) wrong.push(`${what}${offset === 1 ? ', continuing' : ''}: ${ids.join(' ')}`)
      }
    }
    expect(wrong).toEqual([])
  })
})
