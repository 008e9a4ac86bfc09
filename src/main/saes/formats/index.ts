/** The list of SAE formats, tried in order. A new format is one file and one line here. */
import type { SaeFormat } from '../types'
import { circuitTracer } from './circuit-tracer'
import { deepSeek } from './deepseek'
import { dictionaryLearning } from './dictionary-learning'
import { goodfire } from './goodfire'
import { hookZ } from './hook-z'
import { openAi } from './openai'
import { qwenScope } from './qwen-scope'
import { saeLens } from './sae-lens'
import { sparsify } from './sparsify'

export const FORMATS: readonly SaeFormat[] = [
  saeLens,
  sparsify,
  dictionaryLearning,
  openAi,
  goodfire,
  deepSeek,
  qwenScope,
  hookZ,
  circuitTracer
]
