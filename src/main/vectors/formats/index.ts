import type { FormatSpec } from '../types'
import { gguf } from './gguf'
import { json } from './json'
import { numpy } from './numpy'
import { safetensors } from './safetensors'

/** Every format of recipes and vectors, in the order of lists. */
export const FORMATS: readonly FormatSpec[] = [json, safetensors, gguf, numpy]
