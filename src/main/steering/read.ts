/**
 * Reading text in columns, each under its recipe. Columns of a kind are read together: those that need nothing but their own edits; those
 * whose edits wait for a token's probability under the unsteered model; those whose attention looks where the unsteered model looks. For
 * the latter two the unsteered model reads the same text first (the shadow).
 */
import { assert } from '../../shared/errors'
import type { Recipe } from '../../shared/records/steering'
import { f32 } from '../runtime'
import type { Feeds, Tensor } from '../runtime/types'
import { keepChain, partChain, readChain, startChain, type ChainRead, type ChainReading, type Piece } from './chain'
import type { CompiledEdit, CompiledRecipe } from './compile'
import type { Cut } from './editor'
import { holds, type Gates } from './edit'
import type { Chain, Steering } from './open'
import { logTotal } from './sampling'

/** Columns that are read together. */
interface Group {
  readonly columns: readonly number[]
  readonly recipes: readonly (CompiledRecipe | null)[]
  readonly chain: Chain
  readonly reading: ChainReading
  /** The unsteered model on the same texts. */
  readonly shadow: { readonly chain: Chain; readonly reading: ChainReading } | null
}

/** What some columns have read so far. */
export interface Reading {
  readonly length: number
  readonly columns: number
  readonly groups: readonly Group[]
}

/** What reading a piece of text yields. */
export interface ColumnsRead {
  readonly reading: Reading
  /** Logits after the tokens asked for, [columns, select.length, d_vocab]. */
  readonly logits: Tensor<Float32Array>
  /** ||edited - before|| / ||before|| at each token of the piece, the largest over hook points, [columns x seq]. */
  readonly sizes: Float32Array
  /** Values at a cut after its edits, [seq, width], of one column. */
  after(hook: string, column: number): Float32Array
  /** What the SAE of a key reads at a cut, [seq, d_in], of one column: the value after the edits, or what a transcoder reads elsewhere. */
  input(cut: Cut, key: string, column: number): Float32Array
}

/** Largest number of logits a shadow holds at once: 64 MiB of float32. */
const SHADOW_LOGITS = 2 ** 24

/** Nothing read yet. All columns share their text until `partColumns`. */
export function startReading(steering: Steering, recipes: readonly (Recipe | null)[]): Reading {
  const compiled = recipes.map((recipe) => steering.compiled(recipe))
  const kinds = new Map<string, number[]>()
  compiled.forEach((recipe, column) => {
    const kind = recipe?.frozen ? 'frozen' : recipe?.watchesToken ? 'watching' : 'plain'
    kinds.set(kind, [...(kinds.get(kind) ?? []), column])
  })
  const groups = [...kinds].map(([kind, columns]): Group => {
    const { plain, frozen } = steering
    const chain = kind === 'frozen' && frozen ? frozen.given : plain
    const source = kind === 'frozen' && frozen ? frozen.source : kind === 'watching' ? plain : null
    return {
      columns,
      recipes: columns.map((column) => compiled[column] ?? null),
      chain,
      reading: startChain(chain, columns.length),
      shadow: source && { chain: source, reading: startChain(source, columns.length) }
    }
  })
  return { length: 0, columns: recipes.length, groups }
}

/** Lets the columns have texts of their own from now on. */
export function partColumns(reading: Reading): Reading {
  const part = (group: Group): Group => ({
    ...group,
    reading: partChain(group.reading, group.columns.length),
    shadow: group.shadow && { ...group.shadow, reading: partChain(group.shadow.reading, group.columns.length) }
  })
  return { ...reading, groups: reading.groups.map(part) }
}

/** Goes on with some columns only, in their order. They must have been parted. */
export function keepColumns(reading: Reading, columns: readonly number[]): Reading {
  const placeOf = new Map(columns.map((column, place) => [column, place]))
  const groups = reading.groups.flatMap((group): Group[] => {
    const rows = group.columns.flatMap((column, row) => (placeOf.has(column) ? [row] : []))
    if (rows.length === 0) return []
    return [
      {
        columns: rows.map((row) => placeOf.get(group.columns[row] ?? -1) ?? 0),
        recipes: rows.map((row) => group.recipes[row] ?? null),
        chain: group.chain,
        reading: keepChain(group.reading, rows),
        shadow: group.shadow && { ...group.shadow, reading: keepChain(group.shadow.reading, rows) }
      }
    ]
  })
  return { length: reading.length, columns: columns.length, groups }
}

/**
 * Reads a piece of text: `text` holds one row for all columns, or one row for each, all of the same length.
 * @throws NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function readColumns(reading: Reading, { text, promptLength, select }: Piece): Promise<ColumnsRead> {
  const seq = text[0]?.length ?? 0
  const { columns } = reading
  let vocabulary = 0
  const found: { readonly group: Group; readonly read: ChainRead }[] = []
  const groups: Group[] = []
  for (const group of reading.groups) {
    const own = text.length === 1 ? text : group.columns.map((column) => text[column] ?? [])
    const { read, after } = await readGroup(group, { text: own, promptLength, select })
    vocabulary = read.logits.dims[2] ?? 0
    found.push({ group, read })
    groups.push(after)
  }
  const [only] = found
  // Where one group holds all columns in their order, its numbers need not be copied.
  const whole = found.length === 1 && only?.group.columns.every((column, row) => column === row) ? only.read : undefined
  const logits = whole?.logits.data ?? new Float32Array(columns * select.length * vocabulary)
  const sizes = whole?.sizes ?? new Float32Array(columns * seq)
  const places = new Map<number, { read: ChainRead; row: number }>()
  for (const { group, read } of found) {
    const [size, own] = [select.length * vocabulary, read.logits.data]
    group.columns.forEach((column, row) => {
      places.set(column, { read, row })
      if (read === whole) return
      logits.set(own.subarray(row * size, (row + 1) * size), column * size)
      sizes.set(read.sizes.subarray(row * seq, (row + 1) * seq), column * seq)
    })
  }
  const rowOf = (column: number, of: (read: ChainRead) => Tensor<Float32Array> | undefined): Float32Array => {
    const place = places.get(column)
    const value = place && of(place.read)
    assert(place && value, 'the model is cut at the hook points that are asked for')
    const size = value.data.length / (value.dims[0] ?? 1)
    return value.data.subarray(place.row * size, (place.row + 1) * size)
  }
  return {
    reading: { length: reading.length + seq, columns, groups },
    logits: f32([columns, select.length, vocabulary], logits),
    sizes,
    after: (hook, column) => rowOf(column, ({ after }) => after.get(hook)),
    input({ hook, saes }, key, column) {
      const reads = saes.get(key)?.reads
      return rowOf(column, ({ after, inputs }) => (typeof reads === 'number' ? inputs.get(hook)?.[reads] : after.get(hook)))
    }
  }
}

async function readGroup(group: Group, piece: Piece): Promise<{ read: ChainRead; after: Group }> {
  const gates = group.recipes.map((): Gates => new Map())
  if (group.shadow === null) {
    const read = await readChain(group.chain, group.reading, piece, { recipes: group.recipes, gates, patterns: {} })
    return { read, after: { ...group, reading: read.reading } }
  }
  const { chain, reading } = group.shadow
  const shadow = await readShadow(chain, reading, piece, group.recipes, gates)
  const read = await readChain(group.chain, group.reading, piece, { recipes: group.recipes, gates, patterns: shadow.patterns })
  return { read, after: { ...group, reading: read.reading, shadow: { chain, reading: shadow.reading } } }
}

/**
 * The unsteered model on the piece. Where conditions ask for a token's probability, they are looked at after every token; the model then runs
 * on as many tokens at a time as logits may be held of. Patterns are of the whole piece, with rows of its last block as `select` narrows them.
 */
async function readShadow(
  chain: Chain,
  reading: ChainReading,
  piece: Piece,
  recipes: readonly (CompiledRecipe | null)[],
  gates: readonly Gates[]
): Promise<{ reading: ChainReading; patterns: Feeds }> {
  const nothing = { recipes: recipes.map(() => null), gates, patterns: {} }
  const handsPatterns = chain.segments.some(({ gives }) => [...gives].some((name) => name.startsWith('pattern.')))
  const watches = recipes.some((recipe) => recipe?.watchesToken)
  const own = handsPatterns || !watches ? await readChain(chain, reading, piece, nothing) : null
  if (!watches) return { reading: own?.reading ?? reading, patterns: own?.patterns ?? {} }
  const seq = piece.text[0]?.length ?? 0
  const atOnce = Math.max(1, Math.floor(SHADOW_LOGITS / (recipes.length * chain.model.config.d_vocab)))
  let going = reading
  for (let start = 0; start < seq; start += atOnce) {
    const count = Math.min(atOnce, seq - start)
    const text = piece.text.map((row) => row.slice(start, start + count))
    const select = Array.from({ length: count }, (_, index) => index)
    const read = await readChain(chain, going, { text, promptLength: piece.promptLength, select }, nothing)
    recipes.forEach((recipe, row) => recipe && watch(recipe, gates[row], read, row, start, seq))
    going = read.reading
  }
  return { reading: going, patterns: own?.patterns ?? {} }
}

/** Looks after which tokens a watched token is as probable as the edits of a recipe wait for. */
function watch({ edits }: CompiledRecipe, gates: Gates | undefined, { logits }: ChainRead, row: number, start: number, seq: number): void {
  const [, count = 0, size = 0] = logits.dims
  for (let index = 0; index < count; index++) {
    const own = logits.data.subarray((row * count + index) * size, (row * count + index + 1) * size)
    const total = logTotal(own, 'reading a text under the unsteered model')
    for (const edit of edits) note(edit, gates, start + index, seq, (id) => Math.exp((own[id] ?? NaN) - total))
  }
}

function note(edit: CompiledEdit, gates: Gates | undefined, at: number, seq: number, probability: (id: number) => number): void {
  const { condition } = edit
  if (condition?.kind !== 'probability') return
  const flags = gates?.get(edit) ?? new Uint8Array(seq)
  flags[at] = holds(condition, probability(condition.token.id)) ? 1 : 0
  gates?.set(edit, flags)
}
