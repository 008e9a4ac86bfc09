/**
 * A program that computes labels and nothing else, saving its state after every window; prints each window it is about to read.
 * Kills itself when it has printed `killAt`, for tests/pipeline/labels.test.ts. Arguments: label store, model, SAE, text, tokens, killAt.
 */
import { writeSync } from 'node:fs'
import { createEngineHandlers } from '../../src/main/engine/handlers'
import { ComputeOptions } from '../../src/shared/records/latent'

const [labels = '', model = '', sae = '', path = '', tokens = '', killAt = ''] = process.argv.slice(2)

async function compute(): Promise<void> {
  const engine = createEngineHandlers({ bundledModels: '', labels, version: 'test', labelSaveMilliseconds: 0 })
  // written at once, not buffered: what was printed was reached, whenever the kill comes
  const progress = (stage: string, done: number): void => {
    const line = `${stage} ${done}`
    writeSync(1, `${line}\n`)
    if (line === killAt) process.kill(process.pid, 'SIGKILL')
  }
  const options = ComputeOptions.parse({ window: 32, tokens: Number(tokens) })
  const task = { signal: new AbortController().signal, progress, emit: () => undefined }
  const { resumed } = await engine['labels.compute']({ model, sae, hook: null, device: 'cpu', path, options }, task)
  writeSync(1, `finished ${resumed}\n`)
}

void compute()
