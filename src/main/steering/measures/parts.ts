/** The list of the parts of the overall score, in the order they are shown: one file, one line each, and a record in shared/records/scores.ts. */
import { concept } from './concept'
import { fluency } from './fluency'
import { relatedness } from './relatedness'
import type { Part, PartName } from './types'

export const PARTS: { readonly [N in PartName]: Part<N> } = { concept, fluency, relatedness }
