import type { LabelRecord } from '../labels/record'
import type { Sae } from '../types'

/** What one line says, and of which SAE it says so. */
export interface ReadLine {
  /** The SAE that the line means, as its producer names it; empty where it does not say. */
  readonly claim: string
  /** None where the line explains nothing. */
  readonly records: readonly LabelRecord[]
}

/** A layout in which labels are passed on: one file, one line in index.ts. */
export interface LabelFormat {
  /** Kept with every import. */
  readonly format: string
  /** Shown to people, before the claim. */
  readonly title: string
  /** Longest line, in bytes. */
  readonly lineBytes: number
  /** Activations in Neuronpedia's units: those of an SAE whose decoder rows were folded to norm 1 (formats.md 2.6). */
  readonly folded: boolean
  /** Whether a file is of this format, by its first line as JSON (undefined where that is none). Names only settle what content cannot. */
  matches(first: unknown, path: string): boolean
  /** What one line says, already parsed as JSON. @throws ZodError where it is not as the format has it */
  read(line: unknown, path: string): ReadLine
  /** Whether `claim` is this SAE: null where neither side says enough, and a person has to. */
  belongs(claim: string, sae: Sae): boolean | null
}
