/** Ports of Electron and of Node, wrapped to the few methods the contract knows. */
import type { MessagePort } from 'node:worker_threads'
import type { Port } from '../../shared/contract/wire'

/** What is used of Electron's MessagePortMain, which main and utility processes share. */
export interface ElectronPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
}

/** Electron's port. Messages that came before `onMessage` are kept for it. */
export function electronPort(port: ElectronPort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', ({ data }) => listener(data))
      port.start()
    },
    onClose: (listener) => void port.on('close', listener)
  }
}

/** Node's own port, as tests and worker threads have it. */
export function nodePort(port: MessagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener)
  }
}
