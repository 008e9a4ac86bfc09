/**
 * The only code that sees both the window and Electron: a few generic functions, the same whatever calls there are.
 * Sandboxed, so it is bundled into one file and imports no package at run time.
 */
import { contextBridge, ipcRenderer } from 'electron'
import type { ShellBridge } from '../shared/contract/shell'

// Written out, because importing them would bundle the schemas into the preload script.
const CHANNELS: typeof import('../shared/contract/shell').SHELL_CHANNELS = {
  call: 'workbench:call',
  event: 'workbench:event',
  port: 'workbench:port'
}

const bridge: ShellBridge = {
  call: (name, input) => ipcRenderer.invoke(CHANNELS.call, name, input),
  onEvent: (listener) => void ipcRenderer.on(CHANNELS.event, (_event, message: unknown) => listener(message))
}

contextBridge.exposeInMainWorld('workbench', bridge)

// A port cannot cross the bridge; a window message can carry it.
ipcRenderer.on(CHANNELS.port, (event, process: unknown) => {
  window.postMessage({ type: CHANNELS.port, process }, window.location.origin, event.ports)
})
