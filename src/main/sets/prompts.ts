/**
 * Prompts of a set from the text of a CSV or JSONL file. Nothing is guessed: what cannot be read is refused with its line and column.
 * Opens no files and knows no model, so that the archive reads with it, too.
 *
 * JSONL: an object in each line. CSV: names in the first line; cells are separated by the comma, semicolon or tab that the first line has
 * most of. A prompt is text, the turns of a chat (JSONL), or exact token ids: a list in JSON, "1,2,3" in a CSV column called tokens, ids or token_ids; a row whose
 * prompt is empty takes such a column instead. A target is text, or JSON as `TargetInput` has it ({"id": 5}); a number is an id.
 */
import { extname } from 'node:path'
import { fail } from '../../shared/errors'
import type { SetColumns, SetPrompt } from '../../shared/records/sets'
import { TargetInput } from '../../shared/records/ranking'
import { ChatInput, type PromptInput } from '../../shared/records/token'
import { parseCsv } from '../tables/csv'
import { parseJsonl } from '../tables/jsonl'

/** As many as `sets.run` takes. */
const MAX_PROMPTS = 1_000_000
/** Longest cell, in UTF-16 units: no context holds as much. */
const MAX_CELL = 4_000_000
/** Rows shown before an import. */
const FIRST = 5

/** What `sets.read` answers. */
export interface PromptsLook {
  readonly columns: string[]
  readonly rows: number
  readonly first: Record<string, string>[]
  readonly suggestion: SetColumns | null
}

interface Row {
  /** Line of the file, from 1. */
  readonly at: number
  readonly cell: (name: string) => unknown
}

interface Rows {
  readonly columns: string[]
  readonly rows: readonly Row[]
}

type Role = keyof SetColumns

/** Names by which columns are recognised, in any case; the first that the file has. */
const NAMES: Record<Role, readonly string[]> = {
  prompt: [
    'prompt',
    'text',
    'question',
    'input',
    'sentence',
    'clean',
    'clean_prompt',
    'messages',
    'chat',
    'conversation',
    'tokens',
    'ids',
    'token_ids'
  ],
  id: ['id', 'prompt_id', 'key'],
  answer: ['answer', 'label', 'expected', 'completion', 'output'],
  target: ['target', 'target_token'],
  counterfactual: ['counterfactual', 'counterfactual_prompt', 'corrupted', 'corrupted_prompt'],
  group: ['group', 'class', 'category', 'condition'],
  paraphrase: ['paraphrase', 'paraphrase_of', 'family', 'template']
}

const TOKEN_COLUMNS: readonly string[] = ['tokens', 'ids', 'token_ids']

/** Columns, number of rows, the first of them, and which columns seem to hold what. @throws PROMPTS_INVALID */
export function lookAtPrompts(path: string, text: string): PromptsLook {
  const { columns, rows } = rowsOf(path, text)
  const first = rows.slice(0, FIRST).map(({ cell }) => Object.fromEntries(columns.map((name) => [name, shown(cell(name))])))
  return { columns, rows: rows.length, first, suggestion: suggestColumns(columns) }
}

/** Which columns seem to hold what, by their names; null where none seems to hold prompts. */
export function suggestColumns(columns: readonly string[]): SetColumns | null {
  const found = (role: Role): string | null => {
    const name = NAMES[role].find((known) => columns.some((column) => column.trim().toLowerCase() === known))
    return columns.find((column) => column.trim().toLowerCase() === name) ?? null
  }
  const prompt = found('prompt')
  if (prompt === null) return null
  const rest = { id: found('id'), answer: found('answer'), target: found('target'), counterfactual: found('counterfactual') }
  return { prompt, ...rest, group: found('group'), paraphrase: found('paraphrase') }
}

/**
 * Every prompt of a file, in its order. `columns` says which columns hold what; null takes what their names suggest. Prompts without an
 * id of their own get the number of their row, from 1. Empty prompts stay: a run records why they have no result.
 * @throws PROMPTS_INVALID
 */
export function parsePrompts(path: string, text: string, columns: SetColumns | null): SetPrompt[] {
  const { columns: found, rows } = rowsOf(path, text)
  const refuse = (where: string, reason: string): never => fail('PROMPTS_INVALID', { path, where, reason })
  const names = columns ?? suggestColumns(found) ?? refuse('the columns', `none of ${found.join(', ')} is called prompt`)
  for (const name of Object.values(names))
    if (name !== null && !found.includes(name)) refuse('the columns', `there is no "${name}"; there are ${found.join(', ')}`)
  if (rows.length === 0) refuse('the file', 'it holds no prompts')
  const lines = new Map<string, number>()
  return rows.map((row, index) => {
    const at = (name: string): string => `line ${row.at}, column "${name}"`
    const word = (name: string | null): string | null =>
      name === null ? null : wordOf(row.cell(name), (reason) => refuse(at(name), reason))
    const id = word(names.id) ?? String(index + 1)
    const before = lines.get(id)
    if (before !== undefined) refuse(at(names.id ?? names.prompt), `the id "${id}" is that of line ${before}, too`)
    lines.set(id, row.at)
    return {
      id,
      prompt: promptOf(row, names.prompt, found, at, refuse),
      answer: word(names.answer),
      target: names.target === null ? null : targetOf(row.cell(names.target), (reason) => refuse(at(names.target ?? ''), reason)),
      counterfactual: names.counterfactual === null ? null : inputOf(row.cell(names.counterfactual), names.counterfactual, at, refuse),
      group: word(names.group),
      paraphrase: word(names.paraphrase)
    }
  })
}

function rowsOf(path: string, text: string): Rows {
  const refuse = (line: number, reason: string): never => fail('PROMPTS_INVALID', { path, where: `line ${line}`, reason })
  const ending = extname(path).toLowerCase()
  const read = ending === '.csv' || ending === '.tsv' ? csvRows : ending === '.jsonl' || ending === '.ndjson' ? jsonRows : null
  if (read === null) return fail('PROMPTS_INVALID', { path, where: 'the file', reason: 'its name ends neither with .csv nor with .jsonl' })
  const found = read(text, refuse)
  if (found.rows.length > MAX_PROMPTS) refuse(found.rows[MAX_PROMPTS]?.at ?? 0, `there are more than ${MAX_PROMPTS} prompts`)
  return found
}

function csvRows(text: string, refuse: (line: number, reason: string) => never): Rows {
  const [header, ...lines] = parseCsv(text, refuse, delimiterOf(text))
  if (header === undefined) return { columns: [], rows: [] }
  const columns = header.cells
  checkNames(columns, refuse)
  const rows = lines.map(({ at, cells }): Row => {
    if (cells.length !== columns.length)
      refuse(at, `it has ${cells.length} cells and the first line ${columns.length}; text with separators belongs in quotes`)
    return { at, cell: (name) => cells[columns.indexOf(name)] }
  })
  return { columns, rows }
}

function jsonRows(text: string, refuse: (line: number, reason: string) => never): Rows {
  const lines = parseJsonl(text, refuse)
  const columns = new Set<string>()
  for (const { value } of lines) for (const name of Object.keys(value)) columns.add(name)
  return {
    columns: [...columns],
    rows: lines.map(({ at, value }) => ({ at, cell: (name) => (Object.hasOwn(value, name) ? value[name] : undefined) }))
  }
}

function checkNames(columns: readonly string[], refuse: (line: number, reason: string) => never): void {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) refuse(1, `two columns are called "${twice}"`)
}

/** The separator the first line has most of outside of quotes; the comma where it has none. */
function delimiterOf(text: string): string {
  const header = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '')
  const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }))
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).delimiter
}

type At = (name: string) => string
type Refuse = (where: string, reason: string) => never

/** The prompt; where its cell is empty or missing, the ids of a column of tokens. */
function promptOf(row: Row, name: string, columns: readonly string[], at: At, refuse: Refuse): PromptInput {
  const found = inputOf(row.cell(name), name, at, refuse)
  if (found !== null) return found
  const tokens = columns.find((column) => TOKEN_COLUMNS.includes(column.toLowerCase()))
  const ids = tokens === undefined ? null : inputOf(row.cell(tokens), tokens, at, refuse)
  if (ids !== null) return ids
  return row.cell(name) === '' ? { text: '' } : refuse(at(name), 'there is no prompt')
}

/** Text, ids or the turns of a chat; null where the cell is empty. */
function inputOf(cell: unknown, name: string, at: At, refuse: Refuse): PromptInput | null {
  if (cell === undefined || cell === null || cell === '') return null
  if (isTurns(cell)) return chatOf(cell, (reason) => refuse(at(name), reason))
  if (Array.isArray(cell)) return { ids: idsOf(cell, (reason) => refuse(at(name), reason)) }
  if (typeof cell !== 'string') return refuse(at(name), 'it is neither text nor a list of token ids')
  if (cell.length > MAX_CELL) refuse(at(name), `it is longer than ${MAX_CELL} characters`)
  if (!TOKEN_COLUMNS.includes(name.trim().toLowerCase())) return { text: cell }
  const pieces = cell.replace(/^\s*\[|\]\s*$/g, '').split(/[\s,;]+/)
  return {
    ids: idsOf(
      pieces.filter((piece) => piece !== '').map((piece) => (/^\d+$/.test(piece) ? Number(piece) : piece)),
      (reason) => refuse(at(name), reason)
    )
  }
}

const isTurns = (cell: unknown): cell is unknown[] => Array.isArray(cell) && typeof cell[0] === 'object'

/** A chat, as data sets have it: [{"role": "user", "content": "..."}]. */
function chatOf(cell: unknown[], refuse: (reason: string) => never): PromptInput {
  const parsed = ChatInput.safeParse({ chat: cell })
  if (!parsed.success) return refuse('it is not a list of turns such as {"role": "user", "content": "..."} by system, user and assistant')
  const length = parsed.data.chat.reduce((sum, { content }) => sum + content.length, 0)
  return length > MAX_CELL ? refuse(`it is longer than ${MAX_CELL} characters`) : parsed.data
}

function idsOf(list: readonly unknown[], refuse: (reason: string) => never): number[] {
  return list.map((id) =>
    typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : refuse(`${JSON.stringify(id)} is not a token id`)
  )
}

/** A word or number as text; null where the cell is empty. */
function wordOf(cell: unknown, refuse: (reason: string) => never): string | null {
  if (cell === undefined || cell === null || cell === '') return null
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell)
  if (typeof cell !== 'string') return refuse('it is not text')
  return cell.length > MAX_CELL ? refuse(`it is longer than ${MAX_CELL} characters`) : cell
}

function targetOf(cell: unknown, refuse: (reason: string) => never): TargetInput {
  if (cell === undefined || cell === null || cell === '') return null
  if (typeof cell === 'number') return Number.isSafeInteger(cell) && cell >= 0 ? { id: cell } : refuse(`${cell} is not a token id`)
  const value = typeof cell === 'string' ? objectIn(cell) : cell
  if (value === undefined) return { text: wordOf(cell, refuse) ?? '' }
  const parsed = TargetInput.safeParse(value)
  return parsed.success
    ? parsed.data
    : refuse('it is not a target such as {"id": 5} or {"plus": [{"text": " a"}], "minus": [{"text": " b"}]}')
}

/** The JSON object that a text of CSV spells; undefined where it spells none, for "{" is a token like any other. */
function objectIn(text: string): unknown {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function shown(cell: unknown): string {
  return cell === undefined || cell === null ? '' : typeof cell === 'string' ? cell : JSON.stringify(cell)
}
