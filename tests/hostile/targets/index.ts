/** Every kind of file the workbench opens from disk and must survive. */
import type { Target } from '../types'
import { json, modelConfig, saeConfig, sentencePiece, tokenizer } from './json'
import { npy, npz } from './numpy'
import { safetensors } from './safetensors'
import { torch } from './torch'

export const TARGETS: readonly Target[] = [safetensors, npy, npz, torch, json, modelConfig, saeConfig, tokenizer, sentencePiece]
