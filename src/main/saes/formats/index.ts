/** The list of SAE formats, tried in order. A new format is one file and one line here. */
import type { SaeFormat } from '../types'
import { circuitTracer } from './circuit-tracer'
import { deepSeek } from './deepseek'
import { dictionaryLearning } from './dictionary-learning'
import { gemmaScope } from './gemma-scope'
import { gemmaScope2 } from './gemma-scope-2'
import { goodfire } from './goodfire'
import { hookZ } from './hook-z'
import { llamaScope } from './llama-scope'
import { openAi } from './openai'
import { qwenScope } from './qwen-scope'
import { saeLens } from './sae-lens'
import { sparsify } from './sparsify'

export const FORMATS: readonly SaeFormat[] = [
  saeLens,
  gemmaScope,
  gemmaScope2,
  llamaScope,
  sparsify,
  dictionaryLearning,
  openAi,
  goodfire,
  deepSeek,
  qwenScope,
  hookZ,
  circuitTracer
]
