/** The awkward texts that every tokenizer is compared on, and how ids are compared (see tests/fixtures/make/tokenizers). */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

export const TOKENIZER_FIXTURES = join(import.meta.dirname, '../fixtures/tokenizers')

/** A JSON file below tests/fixtures/tokenizers. */
export function fixture<T>(name: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(join(TOKENIZER_FIXTURES, name), 'utf8')))
}

export const TEXTS = fixture('texts.json', z.array(z.object({ what: z.string(), text: z.string() })))

/** 100,000 characters: all texts one after the other, again and again. */
export function longText(): string {
  const once = TEXTS.map(({ text }) => text).join('\n')
  return once.repeat(Math.ceil(100_000 / once.length)).slice(0, 100_000)
}

export const digestOf = (ids: readonly number[]): string => createHash('sha256').update(ids.join(',')).digest('hex')

/** A text as UTF-8 can say it, by another way than the tokenizer's. */
export const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8')
