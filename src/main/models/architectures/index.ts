/** Every architecture family that can be opened: one file, one line. */
import type { Architecture } from '../types'
import { gpt2 } from './gpt2'
import { gemma2 } from './gemma2'
import { gemma3 } from './gemma3'
import { gptNeo } from './gpt-neo'
import { gptNeoX } from './gpt-neox'
import { llama } from './llama'

export const ARCHITECTURES: readonly Architecture[] = [gpt2, gptNeo, gptNeoX, gemma2, gemma3, llama]
