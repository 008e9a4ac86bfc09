/** The archive's handlers as the process host calls them. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createArchive } from '../../src/main/archive/handlers'
import { archiveCalls } from '../../src/shared/contract'
import type { ArchiveCalls, Input, Output } from '../../src/shared/contract'
import { quietTask } from '../../src/shared/task'
import { temporaryFolder } from './folder'

export interface TestArchive {
  folder: string
  logged: string[]
  call<K extends keyof ArchiveCalls>(name: K, input: Input<ArchiveCalls[K]>, signal?: AbortSignal): Promise<Output<ArchiveCalls[K]>>
  close(): Promise<void>
}

/** An archive whose inputs and outputs are checked against the contract, as the process host does it. */
export async function openArchive(folder?: string): Promise<TestArchive> {
  const at = folder ?? (await temporaryFolder())
  const logged: string[] = []
  const options = {
    userData: join(at, 'user'),
    bundledModels: join(at, 'models'),
    resources: join(at, 'resources'),
    version: '1.2.3',
    log: (text: string) => void logged.push(text)
  }
  const { handlers, close } = createArchive(options)
  onTestFinished(close)
  return {
    folder: at,
    logged,
    close,
    async call(name, input, signal) {
      const handler = handlers[name] as (input: unknown, task: unknown) => Promise<unknown> // the table pairs each name with its schemas
      const output = await handler(archiveCalls[name].input.parse(input), {
        ...quietTask(),
        ...(signal ? { signal } : {}),
        emit: () => undefined
      })
      return archiveCalls[name].output.parse(output) as Output<ArchiveCalls[typeof name]>
    }
  }
}
