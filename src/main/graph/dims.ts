/**
 * Algebra of symbolic sizes. A size is a polynomial in symbols with integer coefficients, kept as its canonical text:
 * terms in alphabetical order, the constant last ("past + seq", "2*heads*seq - 1"). Equal sizes therefore have equal texts.
 * A parenthesised part or a name such as "nonzero_3" is one symbol.
 */
import { assert } from '../../shared/errors'
import type { Dim } from './types'

/** Product of symbols ("batch*seq"; "" is the constant) -> coefficient. */
type Polynomial = Map<string, number>

/** a + b. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  return render(sum(parse(a), parse(b), 1))
}

/** a - b. */
export function subtractDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return render(sum(parse(a), parse(b), -1))
}

/** a * b. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  const product: Polynomial = new Map()
  for (const [left, x] of parse(a)) for (const [right, y] of parse(b)) accumulate(product, joinSymbols(left, right), x * y)
  return render(product)
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly Dim[]): Dim {
  return shape.reduce<Dim>(multiplyDims, 1)
}

/** a / b where it is exact (b a number or a single product of symbols), otherwise null. */
export function divideDims(a: Dim, b: Dim): Dim | null {
  if (a === b) return 1
  const divisor = [...parse(b)]
  const only = divisor[0]
  if (divisor.length !== 1 || only === undefined || only[1] === 0) return null
  const [symbols, coefficient] = only
  const quotient: Polynomial = new Map()
  for (const [product, x] of parse(a)) {
    const rest = removeSymbols(product, symbols)
    if (rest === null || x % coefficient !== 0) return null
    accumulate(quotient, rest, x / coefficient)
  }
  return render(quotient)
}

/** Any spelling of a size in canonical form: "seq + past" -> "past + seq". */
export function canonical(dim: Dim): Dim {
  return typeof dim === 'number' ? dim : render(parse(dim))
}

/** The terms of a size: coefficient times a product of symbols. The constant has no symbols. */
export function termsOf(dim: Dim): { coefficient: number; symbols: string[] }[] {
  return [...parse(dim)].map(([product, coefficient]) => ({ coefficient, symbols: product === '' ? [] : splitOutside(product, '*') }))
}

/** Whether both shapes are the same size on every axis. */
export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

/**
 * Shape of an elementwise result (NumPy broadcasting). A symbol never stands for a broadcast 1: only a literal 1 stretches.
 * Throws when two sizes do not match.
 */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[], where: string): Dim[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    assert(left === right || left === 1 || right === 1, `${where}: the shapes [${a.join(', ')}] and [${b.join(', ')}] broadcast`)
    return left === 1 ? right : left
  })
}

/** An axis counted from the end made to count from the start. */
export function normaliseAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis
  assert(positive >= 0 && positive < rank, `axis ${axis} lies within rank ${rank}`)
  return positive
}

/** The size of `axis`, which may count from the end. */
export function dimAt(shape: readonly Dim[], axis: number): Dim {
  const dim = shape[normaliseAxis(axis, shape.length)]
  assert(dim !== undefined, 'a normalised axis has a size')
  return dim
}

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return new Map(dim === 0 ? [] : [['', dim]])
  const polynomial: Polynomial = new Map()
  for (const signed of splitOutside(dim.replaceAll(' - ', ' + -'), ' + ')) {
    const negative = signed.startsWith('-')
    let coefficient = negative ? -1 : 1
    const symbols: string[] = []
    for (const factor of splitOutside(negative ? signed.slice(1) : signed, '*')) {
      if (/^\d+$/.test(factor.trim())) coefficient *= Number(factor)
      else symbols.push(factor.trim())
    }
    accumulate(polynomial, symbols.sort().join('*'), coefficient)
  }
  return polynomial
}

/** Splits at `separator` outside parentheses. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')') depth--
    else if (depth === 0 && text.startsWith(separator, at)) {
      parts.push(text.slice(start, at))
      start = at + separator.length
      at = start - 1
    }
  }
  return [...parts, text.slice(start)]
}

function render(polynomial: Polynomial): Dim {
  const constant = polynomial.get('') ?? 0
  const symbolic = [...polynomial].filter(([product]) => product !== '').sort(([a], [b]) => (a < b ? -1 : 1))
  if (symbolic.length === 0) return constant
  const terms = symbolic.map(([product, x]): [number, string] => [x, Math.abs(x) === 1 ? product : `${Math.abs(x)}*${product}`])
  if (constant !== 0) terms.push([constant, String(Math.abs(constant))])
  return terms.map(([x, text], index) => (index === 0 ? (x < 0 ? `-${text}` : text) : x < 0 ? ` - ${text}` : ` + ${text}`)).join('')
}

function sum(a: Polynomial, b: Polynomial, sign: 1 | -1): Polynomial {
  const total: Polynomial = new Map(a)
  for (const [product, x] of b) accumulate(total, product, sign * x)
  return total
}

function accumulate(polynomial: Polynomial, product: string, coefficient: number): void {
  const total = (polynomial.get(product) ?? 0) + coefficient
  if (total === 0) polynomial.delete(product)
  else polynomial.set(product, total)
}

function joinSymbols(a: string, b: string): string {
  return [a, b]
    .filter((part) => part !== '')
    .flatMap((part) => splitOutside(part, '*'))
    .sort()
    .join('*')
}

function removeSymbols(product: string, remove: string): string | null {
  const left = product === '' ? [] : splitOutside(product, '*')
  for (const symbol of remove === '' ? [] : splitOutside(remove, '*')) {
    const at = left.indexOf(symbol)
    if (at < 0) return null
    left.splice(at, 1)
  }
  return left.join('*')
}
