/** The engine and the archive as Electron utility processes, and the ports that join them to windows. */
import { BrowserWindow, MessageChannelMain, utilityProcess, type MessagePortMain, type WebContents } from 'electron'
import { SHELL_CHANNELS, type ProcessName, type ShellEvent } from '../../shared/contract/shell'
import type { Log } from './log'
import { createSupervisor, type Child, type Supervisor } from './supervise'

export interface ProcessesOptions {
  entry: (process: ProcessName) => string
  arguments: string[]
  log: Log
}

export interface Processes {
  /** Sends the window a port to the process: now, or when it is ready, and again whenever it was started anew. */
  connect(process: ProcessName, contents: WebContents): void
  restart(process: ProcessName): void
  /** Lets the archive close the project; bounded. */
  close(): Promise<void>
}

/** What an open project needs to be closed cleanly, with a margin for a slow disk. */
const ARCHIVE_CLOSE_MILLISECONDS = 5_000

const NAMES = ['engine', 'archive'] as const

/** Starts both processes. */
export function startProcesses({ entry, arguments: args, log }: ProcessesOptions): Processes {
  const connected = { engine: new Set<WebContents>(), archive: new Set<WebContents>() }
  const supervisors = {
    engine: supervise('engine'),
    archive: supervise('archive')
  }
  for (const name of NAMES) supervisors[name].start()

  function supervise(name: ProcessName): Supervisor<MessagePortMain> {
    return createSupervisor<MessagePortMain>({
      fork: () => fork(name, entry(name), args, log),
      log: (text) => log(name, text),
      onState(state, restarts) {
        broadcast({ type: 'process', process: name, state, restarts })
        if (state === 'ready') connected[name].forEach((contents) => join(name, contents))
      }
    })
  }

  function join(name: ProcessName, contents: WebContents): void {
    const { port1, port2 } = new MessageChannelMain()
    supervisors[name].connect(port1)
    contents.postMessage(SHELL_CHANNELS.port, name, [port2])
  }

  return {
    connect(name, contents) {
      if (!connected[name].has(contents)) {
        connected[name].add(contents)
        contents.once('destroyed', () => connected[name].delete(contents))
      }
      const { state, restarts } = supervisors[name]
      send(contents, { type: 'process', process: name, state, restarts })
      if (state === 'ready') join(name, contents)
    },
    restart: (name) => supervisors[name].restart(),
    async close() {
      await Promise.all([supervisors.archive.close(ARCHIVE_CLOSE_MILLISECONDS), supervisors.engine.close(0)])
    }
  }
}

/** Tells one window. */
export function send(contents: WebContents, event: ShellEvent): void {
  if (!contents.isDestroyed()) contents.send(SHELL_CHANNELS.event, event)
}

/** Tells every window. */
export function broadcast(event: ShellEvent): void {
  for (const window of BrowserWindow.getAllWindows()) send(window.webContents, event)
}

function fork(name: ProcessName, entry: string, args: string[], log: Log): Child<MessagePortMain> {
  const child = utilityProcess.fork(entry, args, { serviceName: `gradsae-${name}`, stdio: 'pipe' })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => log(name, text.toString('utf8')))
  return {
    post: (message, ports) => child.postMessage(message, ports),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.on('exit', listener),
    kill(force) {
      const { pid } = child
      if (force && pid !== undefined) process.kill(pid, 'SIGKILL')
      else child.kill()
    }
  }
}
