/** The window's side of the contract: a client per process, and what the main process tells unasked. */
import { reactive, readonly } from 'vue'
import { z } from 'zod'
import { createClient, type PortClient } from '../../shared/client'
import type { ArchiveCalls, Client, EngineCalls } from '../../shared/contract'
import { PortMessage, ShellEvent, type MenuCommand, type ProcessName, type ProcessState } from '../../shared/contract/shell'
import { browserPort } from './port'
import { createShellClient } from './shell'

export interface ProcessStatus {
  state: ProcessState
  /** How often it was started again after it ended by itself. */
  restarts: number
}

// The window's policy forbids generated code; zod would try it once and be reported.
z.config({ jitless: true })

const engineClient: PortClient<EngineCalls> = createClient({ process: 'engine' })
const archiveClient: PortClient<ArchiveCalls> = createClient({ process: 'archive' })
const clients = { engine: engineClient, archive: archiveClient }
const status = reactive<Record<ProcessName, ProcessStatus>>({
  engine: { state: 'starting', restarts: 0 },
  archive: { state: 'starting', restarts: 0 }
})
const ports: Partial<Record<ProcessName, { end(): void }>> = {}
const menuListeners = new Set<(command: MenuCommand) => void>()

export const engine: Client<EngineCalls> = engineClient
export const archive: Client<ArchiveCalls> = archiveClient
export const shell = createShellClient(window.workbench)

/** State of the processes behind the window; reactive. */
export const processState = readonly(status)

/** Tells `listener` what the application menu asks for. Returns what ends it. */
export function onMenu(listener: (command: MenuCommand) => void): () => void {
  menuListeners.add(listener)
  return () => void menuListeners.delete(listener)
}

window.addEventListener('message', (event) => {
  // Only this window itself posts ports: the preload script, in our own origin.
  if (event.source !== window) return
  const message = PortMessage.safeParse(event.data)
  const [port] = event.ports
  if (!message.success || port === undefined) return
  const { process } = message.data
  ports[process]?.end()
  const wrapped = browserPort(port)
  ports[process] = wrapped
  clients[process].connect(wrapped)
})

window.workbench.onEvent((message) => {
  const event = ShellEvent.parse(message)
  if (event.type === 'menu') return menuListeners.forEach((listener) => listener(event.command))
  status[event.process] = { state: event.state, restarts: event.restarts }
  if (event.state === 'stopped') ports[event.process]?.end()
})

for (const process of ['engine', 'archive'] as const) void shell.call('process.connect', { process })
