/** Makes case number N of a target and gives it to the reader. The same number is the same file on every machine. */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError, type ErrorCode } from '../../src/shared/errors'
import { randomFrom } from '../support/random-numbers'
import { mutate } from './mutate'
import type { Range, Snapshot, Spoilt, Target } from './types'

/** "read", or the code of the refusal. */
export type Outcome = 'read' | ErrorCode

/** The file of a case. Half of the cases are blind mutations of an honest file, half break the format's own rules. */
export function makeCase(target: Target, seed: number, number: number): { spoilt: Spoilt; file: string } {
  const random = randomFrom(hashOf(`${target.name} ${seed} ${number}`))
  const seeds = target.seeds()
  const start = random.pick(seeds)
  const spoilt = random.below(2) === 0 ? mutate(random, start, seeds) : { bytes: target.craft(random, start), seed: null, touched: [] }
  return { spoilt, file: target.file(start.name) }
}

/** What is known of the honest files of a target, read once each. */
export type Originals = Map<string, Snapshot>

/**
 * Runs one case in `folder`, which `prepareTarget` made.
 * @throws whatever the reader throws that is no refusal, and where it read something else than the file holds
 */
export async function runCase(target: Target, seed: number, number: number, folder: string, originals: Originals): Promise<Outcome> {
  const { spoilt, file } = makeCase(target, seed, number)
  const path = join(folder, file)
  const original = spoilt.seed ? await originalOf(target, spoilt.seed.name, spoilt.seed.bytes, path, originals) : null
  writeFileSync(path, spoilt.bytes)
  try {
    const found = await target.read(path)
    if (original) compare(original, found, spoilt.touched)
    return 'read'
  } catch (thrown) {
    if (thrown instanceof WorkbenchError) return thrown.code
    throw thrown
  } finally {
    rmSync(path, { force: true })
  }
}

export function prepareTarget(target: Target, folder: string): void {
  mkdirSync(folder, { recursive: true })
  target.prepare?.(folder)
}

async function originalOf(target: Target, name: string, bytes: Buffer, path: string, originals: Originals): Promise<Snapshot> {
  const known = originals.get(name)
  if (known) return known
  writeFileSync(path, bytes)
  const snapshot = await target.read(path).catch(nothingIfRefused)
  originals.set(name, snapshot)
  return snapshot
}

/** Some seeds are refused as they are, such as a pickled module. */
function nothingIfRefused(thrown: unknown): Snapshot {
  if (thrown instanceof WorkbenchError) return new Map()
  throw thrown
}

/** The same thing from bytes that were not touched must have the same content. */
function compare(original: Snapshot, found: Snapshot, touched: readonly Range[]): void {
  for (const [name, { digest, from }] of found) {
    const before = original.get(name)
    if (before === undefined || before.digest === digest) continue
    const clean = [...from, ...before.from].every(([start, end]) => touched.every(([first, last]) => last <= start || first >= end))
    if (clean) throw new Error(`${name} was read as something else, though its bytes are those of the original`)
  }
}

function hashOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0)
}
