/** The engine's handlers in plain Node, as the command line calls them. */
import { join } from 'node:path'
import type { HandlerTask } from '../../src/shared/contract'
import { createEngineHandlers, type EngineHandlers } from '../../src/main/engine/handlers'

export const BUNDLED_MODELS = join(import.meta.dirname, '../../models')

/** `labels` is the folder of the label store. */
export function openEngine(labels: string | null = null): EngineHandlers {
  return createEngineHandlers({ bundledModels: BUNDLED_MODELS, labels, version: 'test' })
}

/** A task that nobody watches; `signal` cancels it. */
export function handlerTask<E>(signal = new AbortController().signal, emit: (event: E) => void = () => undefined): HandlerTask<E> {
  return { signal, progress: () => undefined, emit }
}
