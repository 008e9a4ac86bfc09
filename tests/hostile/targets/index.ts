/** Every kind of file the workbench opens from disk and must survive. */
import type { Target } from '../types'
import { gguf } from './gguf'
import { json, modelConfig, saeConfig, sentencePiece, tokenizer } from './json'
import { npy, npz } from './numpy'
import { safetensors } from './safetensors'
import { torch } from './torch'

export const TARGETS: readonly Target[] = [safetensors, npy, npz, torch, gguf, json, modelConfig, saeConfig, tokenizer, sentencePiece]
