import type { Port } from '../../shared/contract/wire'

/**
 * The browser's port as the contract's. Chrome's ports do not tell when the other end is gone: the shell says it instead,
 * and `end` passes it on.
 */
export function browserPort(port: MessagePort): Port & { end(): void } {
  const closed: (() => void)[] = []
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.addEventListener('message', (event) => listener(event.data))
      port.start()
    },
    onClose: (listener) => void closed.push(listener),
    end() {
      port.close()
      for (const listener of closed) listener()
    }
  }
}
