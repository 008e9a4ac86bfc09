/**
 * A stack machine for the part of Python's pickle that plain data and state dicts use (pickletools, protocols 2 to 5). It builds plain
 * records and can do nothing else: a GLOBAL becomes an inert name, and what a REDUCE of a name makes is decided by `objects`, which
 * builds records, too. Everything unknown is either an opaque record or a refusal. All counts are bounded.
 */
import type { Refuse } from './zip'

/** What a pickle holds. `T` is what `objects` makes of the names it knows. */
export type Pickled<T> =
  | null
  | boolean
  | number
  | string
  | { readonly kind: 'list'; readonly items: Pickled<T>[] }
  | { readonly kind: 'tuple'; readonly items: Pickled<T>[] }
  | { readonly kind: 'dict'; readonly entries: [Pickled<T>, Pickled<T>][] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'opaque'; readonly what: string }
  | { readonly kind: 'object'; readonly value: T }

/** What the names in a pickle mean. */
export interface PickleObjects<T> {
  /** An object made by calling `name` with `items`; null where the name is not known. */
  reduce(name: string, items: readonly Pickled<T>[]): Pickled<T> | null
  /** What a persistent id stands for. */
  persistent(id: Pickled<T>): Pickled<T>
}

/** A state dict of a thousand tensors takes about 60,000 operations and 10,000 memo entries. */
const MAX_OPERATIONS = 1_500_000
const MAX_MEMO = 500_000
const MAX_DEPTH = 1000
const MAX_NAME = 512

/**
 * Runs the pickle and gives its one value.
 * @throws what `refuse` throws
 */
export function unpickle<T>(bytes: Buffer, objects: PickleObjects<T>, refuse: Refuse): Pickled<T> {
  const reader = createReader(bytes, refuse)
  const stack = createStack<T>(refuse)
  const memo = new Map<number, Pickled<T>>()
  const remember = (index: number): void => {
    memo.set(index, stack.top())
    if (memo.size > MAX_MEMO) refuse(`it remembers more than ${MAX_MEMO} values`)
  }
  const recall = (index: number): void => {
    const value = memo.get(index)
    if (value === undefined) return refuse(`it recalls value ${index}, which it never stored`)
    stack.push(value)
  }
  const global = (module: string, name: string): void => stack.push({ kind: 'name', name: checkedGlobal(module, name, refuse) })
  const operations: Readonly<Record<number, () => void>> = {
    0x80: () => {
      const version = reader.uint(1)
      if (version < 2 || version > 5) refuse(`its pickle protocol ${version} is not read`)
    },
    0x95: () => void reader.take(8), // FRAME: only a hint for buffering
    0x28: () => stack.mark(), // MARK
    0x7d: () => stack.push({ kind: 'dict', entries: [] }), // EMPTY_DICT
    0x5d: () => stack.push({ kind: 'list', items: [] }), // EMPTY_LIST
    0x29: () => stack.push({ kind: 'tuple', items: [] }), // EMPTY_TUPLE
    0x74: () => stack.push({ kind: 'tuple', items: stack.sinceMark() }), // TUPLE
    0x85: () => stack.push({ kind: 'tuple', items: stack.take(1) }), // TUPLE1
    0x86: () => stack.push({ kind: 'tuple', items: stack.take(2) }), // TUPLE2
    0x87: () => stack.push({ kind: 'tuple', items: stack.take(3) }), // TUPLE3
    0x61: () => append(stack, stack.take(1), refuse), // APPEND
    0x65: () => append(stack, stack.sinceMark(), refuse), // APPENDS
    0x73: () => setItems(stack, stack.take(2), refuse), // SETITEM
    0x75: () => setItems(stack, stack.sinceMark(), refuse), // SETITEMS
    0x4e: () => stack.push(null), // NONE
    0x88: () => stack.push(true), // NEWTRUE
    0x89: () => stack.push(false), // NEWFALSE
    0x4b: () => stack.push(reader.uint(1)), // BININT1
    0x4d: () => stack.push(reader.uint(2)), // BININT2
    0x4a: () => stack.push(reader.take(4).readInt32LE(0)), // BININT
    0x8a: () => stack.push(long(reader.take(reader.uint(1)))), // LONG1
    0x47: () => stack.push(reader.take(8).readDoubleBE(0)), // BINFLOAT
    0x58: () => stack.push(reader.text(reader.uint(4))), // BINUNICODE
    0x8c: () => stack.push(reader.text(reader.uint(1))), // SHORT_BINUNICODE
    0x8d: () => stack.push(reader.text(reader.long())), // BINUNICODE8
    0x42: () => stack.push(blob(reader.take(reader.uint(4)))), // BINBYTES
    0x43: () => stack.push(blob(reader.take(reader.uint(1)))), // SHORT_BINBYTES
    0x8e: () => stack.push(blob(reader.take(reader.long()))), // BINBYTES8
    0x68: () => recall(reader.uint(1)), // BINGET
    0x6a: () => recall(reader.uint(4)), // LONG_BINGET
    0x71: () => remember(reader.uint(1)), // BINPUT
    0x72: () => remember(reader.uint(4)), // LONG_BINPUT
    0x94: () => remember(memo.size), // MEMOIZE
    0x63: () => global(reader.line(MAX_NAME), reader.line(MAX_NAME)), // GLOBAL
    0x93: () => {
      const [module, name] = stack.take(2) // STACK_GLOBAL
      if (typeof module !== 'string' || typeof name !== 'string') return refuse('it names something that is not a text')
      global(module, name)
    },
    0x52: () => stack.push(reduce(stack.take(2), objects, refuse)), // REDUCE
    0x81: () => stack.push(reduce(stack.take(2), { ...objects, reduce: () => null }, refuse)), // NEWOBJ
    0x62: () => build(stack, refuse), // BUILD
    0x51: () => stack.push(objects.persistent(stack.take(1)[0] ?? null)) // BINPERSID
  }
  for (let count = 0; count < MAX_OPERATIONS; count++) {
    const code = reader.uint(1)
    if (code === 0x2e) return conclude(stack, reader, refuse) // STOP
    const operation = operations[code] ?? refuse(`it uses the operation 0x${code.toString(16)}, which plain data does not need`)
    operation()
  }
  return refuse(`it has more than ${MAX_OPERATIONS} operations`)
}

interface Reader {
  take(length: number): Buffer
  uint(length: 1 | 2 | 4): number
  long(): number
  text(length: number): string
  line(limit: number): string
  atEnd(): boolean
}

function createReader(bytes: Buffer, refuse: Refuse): Reader {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let at = 0
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) return refuse('it ends in the middle of a value')
    at += length
    return bytes.subarray(at - length, at)
  }
  const decode = (part: Buffer): string => {
    try {
      return utf8.decode(part)
    } catch {
      return refuse('it holds a text that is not UTF-8')
    }
  }
  return {
    take,
    uint: (length) => take(length).readUIntLE(0, length),
    long() {
      const value = take(8).readBigUInt64LE(0)
      return value <= BigInt(bytes.length) ? Number(value) : refuse('it ends in the middle of a value')
    },
    text: (length) => decode(take(length)),
    line(limit) {
      const end = bytes.subarray(at, at + limit + 1).indexOf(0x0a)
      if (end < 0) return refuse('it names something with a text that does not end')
      const line = decode(take(end))
      at += 1
      return line
    },
    atEnd: () => at === bytes.length
  }
}

interface Stack<T> {
  push(value: Pickled<T>): void
  /** The last value, which stays. */
  top(): Pickled<T>
  /** The last `count` values in their order. */
  take(count: number): Pickled<T>[]
  mark(): void
  sinceMark(): Pickled<T>[]
  /** Whether exactly one value is left. */
  single(): boolean
}

function createStack<T>(refuse: Refuse): Stack<T> {
  const values: Pickled<T>[] = []
  const marks: number[] = []
  const check = (count: number): void => {
    if (values.length - (marks.at(-1) ?? 0) < count) refuse('it takes values that are not there')
  }
  return {
    push: (value) => void values.push(value),
    top() {
      check(1)
      return values.at(-1) ?? null
    },
    take(count) {
      check(count)
      return values.splice(values.length - count, count)
    },
    mark() {
      if (marks.length >= MAX_DEPTH) refuse(`it nests more than ${MAX_DEPTH} levels deep`)
      marks.push(values.length)
    },
    sinceMark() {
      const from = marks.pop() ?? refuse('it takes values that are not there')
      return values.splice(from)
    },
    single: () => values.length === 1 && marks.length === 0
  }
}

function conclude<T>(stack: Stack<T>, reader: Reader, refuse: Refuse): Pickled<T> {
  if (!stack.single()) return refuse('it leaves values behind')
  if (!reader.atEnd()) return refuse('bytes follow its end')
  return stack.top()
}

function append<T>(stack: Stack<T>, items: Pickled<T>[], refuse: Refuse): void {
  const target = stack.top()
  if (isRecord(target, 'opaque')) return
  if (!isRecord(target, 'list')) return refuse('it appends to something that is not a list')
  for (const item of items) target.items.push(item)
}

function setItems<T>(stack: Stack<T>, items: Pickled<T>[], refuse: Refuse): void {
  const target = stack.top()
  if (isRecord(target, 'opaque')) return
  if (!isRecord(target, 'dict') || items.length % 2 !== 0) return refuse('it sets items of something that is not a table')
  for (let i = 0; i < items.length; i += 2) target.entries.push([items[i] ?? null, items[i + 1] ?? null])
}

/** Attributes of an object: what carries them here (a state dict's version numbers) has no use for them. */
function build<T>(stack: Stack<T>, refuse: Refuse): void {
  stack.take(1)
  const target = stack.top()
  if (!isRecord(target, 'opaque') && !isRecord(target, 'dict') && !isRecord(target, 'object')) refuse('it sets attributes of plain data')
}

function reduce<T>([callable, given]: readonly Pickled<T>[], objects: PickleObjects<T>, refuse: Refuse): Pickled<T> {
  if (!isRecord(given, 'tuple')) return refuse('it calls something without a list of arguments')
  if (isRecord(callable, 'opaque')) return { kind: 'opaque', what: callable.what }
  if (!isRecord(callable, 'name')) return refuse('it calls something that is not a name')
  return objects.reduce(callable.name, given.items) ?? { kind: 'opaque', what: callable.name }
}

/** Whether the value is a record of the kind. */
export function isRecord<T, K extends Kind>(value: Pickled<T> | undefined, kind: K): value is Extract<Pickled<T>, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind
}

type Kind = 'list' | 'tuple' | 'dict' | 'name' | 'opaque' | 'object'

/** A little-endian two's complement integer. One that is no exact number is never a size or a setting. */
function long<T>(bytes: Buffer): Pickled<T> {
  if (bytes.length === 0) return 0
  const value =
    bytes.length > 8
      ? null
      : BigInt.asIntN(
          bytes.length * 8,
          bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
        )
  if (value === null || !Number.isSafeInteger(Number(value))) return { kind: 'opaque', what: `an integer of ${bytes.length} bytes` }
  return Number(value)
}

function blob<T>(bytes: Buffer): Pickled<T> {
  return { kind: 'opaque', what: `${bytes.length} raw bytes` }
}

/**
 * Modules whose functions a pickle calls only to take over the computer that loads it. Nothing is ever called here, whatever the name;
 * the list is so that such a file is refused as what it is, not opened with a note.
 */
const HOSTILE = new Set(
  'os posix nt ntpath posixpath subprocess sys importlib runpy pty socket shutil pickle _pickle cPickle code codeop ctypes webbrowser \
multiprocessing marshal inspect pip pydoc timeit commands popen2 platform operator requests urllib http \
ftplib smtplib bdb pdb dill cloudpickle joblib torch.hub torch.utils.cpp_extension torch.serialization io'.split(' ')
)
const BUILTINS = new Set(['builtins', '__builtin__'])
const HARMLESS = new Set('set frozenset complex bytearray slice range list dict tuple int float bool str bytes object'.split(' '))

function checkedGlobal(module: string, name: string, refuse: Refuse): string {
  const full = `${module}.${name}`
  const [root = ''] = module.split('.')
  const hostile = HOSTILE.has(module) || HOSTILE.has(root) || (BUILTINS.has(module) && !HARMLESS.has(name))
  return hostile ? refuse(`it asks to run ${full}, which no file of weights needs`) : full
}
