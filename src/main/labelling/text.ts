/**
 * A user's text as windows of tokens. A .jsonl file holds one document a line, {"text": ...}; anything else is plain text, one document,
 * or several where lines that hold only <|endoftext|> part them. A window never spans two documents.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { breathe, type Task } from '../../shared/task'
import { bosOf } from '../models'
import type { Model } from '../models/types'
import { eachLine, Enough, FILE_BYTES } from '../saes/labels/lines'
import { checkFile, failToRead } from '../tensors/files'

/** Longest document in a .jsonl file, in bytes. */
const LINE_BYTES = 2 ** 24
/** Plain text is split into tokens in pieces of about so many characters, cut between lines, or between words where there are none. */
const PIECE = 2 ** 15
const SEPARATOR = /(?:^|\n)<\|endoftext\|>[ \t\r]*(?=\n|$)/

const Line = z.object({ text: z.string() })

/** Windows of at most `size` tokens, BOS included. */
export interface Windows {
  readonly count: number
  /** Tokens in all windows, without BOS. */
  readonly tokens: number
  /** The token that begins every window, or null. */
  readonly bos: number | null
  /** Whether the text goes on after what is in the windows. */
  readonly truncated: boolean
  /** The ids of a window, BOS first where there is one. */
  ids(window: number): number[]
}

export interface WindowRequest {
  readonly path: string
  readonly model: Model
  /** Whether windows begin with BOS; where the tokenizer has none they do not. */
  readonly prependBos: boolean
  readonly size: number
  /** Tokens read at most. */
  readonly tokens: number
}

/**
 * Reads the text and splits it into tokens. Rejects with Cancelled.
 * @throws FILE_MISSING, FILE_UNREADABLE, TEXT_UNUSABLE
 */
export async function readWindows({ path, model, prependBos, size, tokens }: WindowRequest, task: Task): Promise<Windows> {
  await checkFile(path, FILE_BYTES)
  const { size: bytes } = await stat(path).catch((error: unknown) => failToRead(path, error))
  const bos = prependBos ? bosOf(model) : null
  const collected = collect(size - (bos === null ? 0 : 1), tokens)
  const encode = (text: string): number[] => model.tokenizer.encodeRaw(text)
  let seen = 0
  const advance = async (length: number): Promise<void> => {
    if (collected.full) throw new Enough()
    seen += length
    await breathe(task)
    task.progress('Splitting the text into tokens', Math.min(seen, bytes), bytes)
  }
  if (path.toLowerCase().endsWith('.jsonl')) {
    const refuse = (line: number, reason: string): never => fail('TEXT_UNUSABLE', { path, reason: `line ${line}: ${reason}` })
    await eachLine(path, { lineBytes: LINE_BYTES, fileBytes: FILE_BYTES }, refuse, async (text, { line, length }) => {
      await advance(length)
      collected.add(encode(documentOf(text, (reason) => refuse(line, reason))))
      collected.endDocument()
    })
  } else {
    for await (const piece of piecesOf(path)) {
      if (collected.full) break
      if (piece.includes('\0')) fail('TEXT_UNUSABLE', { path, reason: 'it is not plain text' })
      await advance(Buffer.byteLength(piece))
      for (const [index, part] of piece.split(SEPARATOR).entries()) {
        if (index > 0) collected.endDocument()
        collected.add(encode(part))
      }
    }
    collected.endDocument()
  }
  if (collected.tokens() === 0) fail('TEXT_UNUSABLE', { path, reason: 'there is no text in it' })
  return { bos, ...collected.windows(bos) }
}

function documentOf(text: string, refuse: (reason: string) => never): string {
  try {
    return Line.parse(JSON.parse(text)).text
  } catch {
    return refuse('it is not {"text": ...}')
  }
}

/** A plain text in pieces that do not depend on how the file arrives. */
async function* piecesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 20 }) as AsyncIterable<string>) {
      rest += chunk
      while (rest.length >= 2 * PIECE) {
        const end = cutOf(rest)
        yield rest.slice(0, end)
        rest = rest.slice(end)
      }
    }
  } catch (error) {
    failToRead(path, error)
  }
  if (rest !== '') yield rest
}

/** After the last line break in a piece; before its last space where it has no line; at its end where it has neither. */
function cutOf(text: string): number {
  const line = text.lastIndexOf('\n', PIECE - 1)
  if (line > 0) return line + 1
  const space = text.lastIndexOf(' ', PIECE - 1)
  return space > 0 ? space : PIECE
}

interface Collected {
  add(ids: readonly number[]): void
  endDocument(): void
  readonly full: boolean
  tokens(): number
  windows(bos: number | null): Pick<Windows, 'count' | 'tokens' | 'truncated' | 'ids'>
}

/** Token ids of all documents one after the other, and where windows of `body` tokens begin. */
function collect(body: number, limit: number): Collected {
  let ids = new Int32Array(Math.min(limit, 2 ** 16))
  let [length, documentStart, truncated] = [0, 0, false]
  const starts: number[] = []
  return {
    add(more) {
      const taken = Math.min(more.length, limit - length)
      truncated ||= taken < more.length
      if (length + taken > ids.length) {
        const larger = new Int32Array(Math.min(limit, Math.max(2 * ids.length, length + taken)))
        larger.set(ids)
        ids = larger
      }
      for (let i = 0; i < taken; i++) ids[length + i] = more[i] ?? 0
      length += taken
    },
    endDocument() {
      for (let start = documentStart; start < length; start += body) starts.push(start)
      documentStart = length
    },
    get full() {
      return length >= limit && truncated
    },
    tokens: () => length,
    windows(bos) {
      const ends = [...starts.slice(1), length]
      return {
        count: starts.length,
        tokens: length,
        truncated,
        ids(window) {
          const own = Array.from(ids.subarray(starts[window] ?? length, ends[window] ?? length))
          return bos === null ? own : [bos, ...own]
        }
      }
    }
  }
}
