/** Every architecture family that can be opened: one file, one line. */
import type { Architecture } from '../types'
import { gpt2 } from './gpt2'
import { gptNeoX } from './gpt-neox'
import { llama } from './llama'

export const ARCHITECTURES: readonly Architecture[] = [gpt2, gptNeoX, llama]
