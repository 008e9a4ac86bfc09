/**
 * Chat templates are programs of whoever made the model: they may loop for ever or write without end. Here they run step by step, each
 * step and each value counted. They reach nothing but what they are given: the package's values are objects of its own, with no way to
 * this program's.
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'
import { within } from './tokenization/guard'

type Program = ReturnType<typeof parse>
type Statement = Parameters<Interpreter['evaluate']>[0]
type Value = ReturnType<Interpreter['evaluate']>

/** The longest published templates have about 20,000 characters. */
const MAX_TEMPLATE = 2 ** 18
/** Characters of one text, or entries of one list, that a step may make. A chat of as many characters fills every context. */
const MAX_VALUE = 2 ** 20
/** Steps of one rendering: a published template takes about 50 per turn. */
const MAX_STEPS = 100_000
/** Characters and entries that pass through all steps together. */
const MAX_WORK = 2 ** 26
const LONGEST_MS = 2000
/** Characters that a filter may make before they are counted. */
const MAX_GROWTH = 2 ** 24

/** A template did more than it may; the message says what. */
export class TemplateExcess extends Error {}
/** A template called `raise_exception`; the message is its own. */
export class TemplateRefusal extends Error {}

/** The date that templates are told, 26 July 2024: Llama 3's own when it is told none. Today's would give other tokens every day. */
const DATE: Readonly<Record<string, string>> = { Y: '2024', m: '07', d: '26', b: 'Jul', B: 'July', H: '12', M: '00', '%': '%' }

/**
 * A template as a program. `trim_blocks` and `lstrip_blocks` are set, as `transformers` sets them.
 * @throws TemplateExcess, and Error for what is no template
 */
export function parseTemplate(source: string): Program {
  if (source.length > MAX_TEMPLATE) throw new TemplateExcess(`it has ${source.length} characters, more than ${MAX_TEMPLATE}`)
  return inTime(() => parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })))
}

/**
 * The text that a template makes of `variables` (plain data).
 * @throws TemplateExcess, TemplateRefusal, and Error for what the template does wrong
 */
export function runTemplate(program: Program, variables: Readonly<Record<string, unknown>>): string {
  const environment = new Environment()
  const named = { true: true, false: false, none: null, True: true, False: false, None: null }
  const functions = { range: boundedRange, strftime_now: fixedDate, raise_exception: refuse }
  for (const [name, value] of Object.entries({ ...named, ...functions, ...variables })) environment.set(name, value)
  const text = inTime(() => new BoundedInterpreter(environment).run(program).value)
  if (typeof text !== 'string') throw new Error('it makes no text')
  return text
}

function inTime<T>(run: () => T): T {
  const done = within(LONGEST_MS, run)
  if (done === null) throw new TemplateExcess(`it takes longer than ${LONGEST_MS / 1000} s`)
  return done.result
}

function refuse(message: unknown): never {
  throw new TemplateRefusal(typeof message === 'string' ? message.slice(0, 500) : 'it gives no reason')
}

/** Python's `range`. */
function boundedRange(first: unknown, last?: unknown, step: unknown = 1): number[] {
  const [start, stop] = last === undefined ? [0, first] : [first, last]
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number' || step === 0) throw new Error('range() takes numbers')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  checkSize(length)
  return Array.from({ length }, (_, index) => start + index * step)
}

/** Python's `strftime` of a date that never changes; codes that no template uses stay as they are. */
function fixedDate(format: unknown): string {
  return String(format).replace(/%([YmdbBHM%])/g, (code, name: string) => DATE[name] ?? code)
}

function checkSize(size: number): void {
  if (!(size <= MAX_VALUE)) throw new TemplateExcess(`it makes a text or list of more than ${MAX_VALUE} entries`)
}

/** Counts. What a few filters make may be out of all proportion to what they are given: that is reckoned before they run. */
class BoundedInterpreter extends Interpreter {
  private steps = 0
  private work = 0
  /** Calls of growing filters that are being evaluated, the innermost last. */
  private readonly growing: Growth[] = []
  /** Lists never change, so each is measured once, however often its parts are. */
  private readonly sizes = new WeakMap<Value, number>()

  override evaluate(statement: Statement, environment: Environment): Value {
    if (++this.steps > MAX_STEPS) throw new TemplateExcess(`it takes more than ${MAX_STEPS} steps`)
    const growth = growthOf(statement)
    if (growth !== null) this.growing.push(growth)
    const value = super.evaluate(statement, environment)
    if (growth !== null) this.growing.pop()
    const size = this.sizeOf(value)
    checkSize(size)
    this.work += size
    if (this.work > MAX_WORK) throw new TemplateExcess(`its steps make more than ${MAX_WORK} characters together`)
    this.foresee(statement, value, size)
    return value
  }

  /** Notes operand and arguments of the innermost growing call as they are evaluated, which is before the call. */
  private foresee(statement: Statement, value: Value, size: number): void {
    const growth = this.growing.at(-1)
    if (growth === undefined || statement === undefined) return
    if (statement === growth.operand) growth.size = size + 1
    else if (growth.args.includes(statement)) growth.by = Math.max(growth.by, typeof value.value === 'number' ? Math.abs(value.value) : size)
    if (!(growth.size * growth.by <= MAX_GROWTH)) throw new TemplateExcess(`its "${growth.name}" makes a text of more than ${MAX_GROWTH} characters`)
  }

  /** Characters or entries, those of inner lists included; of objects, which may change and hold themselves, one level. */
  private sizeOf(value: Value, level = 0): number {
    const held: unknown = value.value
    if (typeof held === 'string') return held.length
    if (Array.isArray(held)) {
      const known = this.sizes.get(value) ?? sum(held, (entry: Value) => 1 + this.sizeOf(entry, level))
      this.sizes.set(value, known)
      return known
    }
    return held instanceof Map ? held.size + (level > 0 ? 0 : sum([...held.values()], (entry: Value) => this.sizeOf(entry, 1))) : 1
  }
}

function sum(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}

/** A call whose result may be as long as its operand times an argument. */
interface Growth {
  readonly name: string
  readonly operand: unknown
  readonly args: readonly unknown[]
  /** Of the operand and of the largest argument, as soon as they are evaluated: a method's arguments come first. */
  size: number
  by: number
}

const GROWING: readonly string[] = ['indent', 'join', 'replace', 'tojson']

/** `operand | name(args)` or `operand.name(args)` with one of the growing names; null for everything else. */
function growthOf(statement: Statement): Growth | null {
  const filter = field(statement, 'filter')
  const call = filter ?? statement
  const args = field(call, 'args')
  const callee = field(call, 'callee')
  if (!Array.isArray(args) || callee === undefined) return null
  const name = field(filter === undefined ? field(callee, 'property') : callee, 'value')
  const operand = filter === undefined ? field(callee, 'object') : field(statement, 'operand')
  if (typeof name !== 'string' || !GROWING.includes(name)) return null
  const values = args.map((arg: unknown) => (field(arg, 'type') === 'KeywordArgumentExpression' ? field(arg, 'value') : arg))
  return { name, operand, args: values, size: 0, by: 0 }
}

/** A field of one of the package's statements, whose classes it does not export. */
function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined
}
