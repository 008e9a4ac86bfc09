/** What the hostile-file runs are made of: files to start from, ways to spoil them, readers to give them to. */
import type { Random } from '../support/random-numbers'

/** An honest file. */
export interface Seed {
  readonly name: string
  readonly bytes: Buffer
}

/** Bytes start <= i < end of the file. */
export type Range = readonly [start: number, end: number]

/** A spoilt file. */
export interface Spoilt {
  readonly bytes: Buffer
  /** The seed, and what was changed in it; everything where the file was made anew. */
  readonly seed: Seed | null
  readonly touched: readonly Range[]
}

/**
 * What a reader got out of a file: for each thing read, in words that name its place and type, a digest of its content and the bytes it
 * came from. The same thing must be there again in a spoilt file whose bytes there were not touched.
 */
export type Snapshot = ReadonlyMap<string, { readonly digest: string; readonly from: readonly Range[] }>

/** A kind of file and its reader. */
export interface Target {
  readonly name: string
  /** Name of the file that is spoilt, in the case's folder. */
  readonly file: (seed: string) => string
  readonly seeds: () => readonly Seed[]
  /** Puts the rest of the folder there, once. */
  readonly prepare?: (folder: string) => void
  /** A file made by the format's own rules, one or several of them broken. */
  readonly craft: (random: Random, seed: Seed) => Buffer
  /** Reads everything there is to read. Throws a WorkbenchError where it refuses; anything else thrown is a failure. */
  readonly read: (path: string) => Promise<Snapshot>
}
