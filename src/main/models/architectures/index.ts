/** Every architecture family that can be opened: one file, one line. */
import type { Architecture } from '../types'
import { gpt2 } from './gpt2'
import { gemma2 } from './gemma2'
import { gemma3 } from './gemma3'
import { gptNeo } from './gpt-neo'
import { gptNeoX } from './gpt-neox'
import { llama } from './llama'
import { mistral } from './mistral'
import { olmo2 } from './olmo2'
import { qwen2 } from './qwen2'
import { qwen3 } from './qwen3'

export const ARCHITECTURES: readonly Architecture[] = [gpt2, gptNeo, gptNeoX, gemma2, gemma3, llama, mistral, qwen2, qwen3, olmo2]
