/** Whether a repeated experiment came to the same: every cell of its tables, every point of its curves. */
import type { ExperimentResult, Reproduction } from '../../shared/records/experiment'

/** Differences that are named; more are only counted. */
const NAMED = 20

/** Bit for bit the same, or what differs: the largest difference of two numbers, and where the results part. */
export function reproductionOf(original: ExperimentResult, repeated: ExperimentResult): Reproduction {
  const [before, after] = [leaves(original), leaves(repeated)]
  const differences: string[] = []
  let [largest, count] = [0, 0]
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(path), after.get(path)]
    if (Object.is(a, b)) continue
    count += 1
    if (typeof a === 'number' && typeof b === 'number') largest = Math.max(largest, Math.abs(a - b))
    if (differences.length < NAMED) differences.push(`${path}: ${shown(a)} before, ${shown(b)} now`)
  }
  if (count > NAMED) differences.push(`and ${count - NAMED} more`)
  return { same: count === 0, largest, differences }
}

type Leaf = string | number | boolean | null

/** Every number and text by where it stands. */
function leaves({ prompts, tables, curves }: ExperimentResult): Map<string, Leaf> {
  const found = new Map<string, Leaf>([['prompts', prompts]])
  for (const { name, columns, rows } of tables)
    rows.forEach((row, at) =>
      row.forEach((cell, column) => spread(found, `table ${name}, row ${at + 1}, ${columns[column]?.label ?? column}`, cell))
    )
  for (const { name, series } of curves)
    for (const { name: line, points } of series)
      points.forEach((point, at) => spread(found, `curve ${name}, ${line}, point ${at + 1}`, point))
  return found
}

function spread(found: Map<string, Leaf>, path: string, value: Leaf | Readonly<Record<string, Leaf>>): void {
  if (value === null || typeof value !== 'object') found.set(path, value)
  else for (const [key, leaf] of Object.entries(value)) found.set(`${path}, ${key}`, leaf)
}

const shown = (leaf: Leaf | undefined): string => (leaf === undefined ? 'nothing' : String(leaf))
