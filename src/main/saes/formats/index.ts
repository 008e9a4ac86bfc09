/** The list of SAE formats, tried in order. A new format is one file and one line here. */
import type { SaeFormat } from '../types'
import { saeLens } from './sae-lens'
import { sparsify } from './sparsify'

export const FORMATS: readonly SaeFormat[] = [saeLens, sparsify]
