/** Calls answered by Electron's main process: windows, dialogs, supervision. */
import { z } from 'zod'
import type { WireError } from '../errors'
import { call } from './call'

const Chosen = z.object({ path: z.string().nullable() })
export const ProcessName = z.enum(['engine', 'archive'])
export type ProcessName = z.infer<typeof ProcessName>

export const shellCalls = {
  'app.info': call({
    input: z.object({}),
    output: z.object({
      name: z.string(),
      version: z.string(),
      versions: z.record(z.string(), z.string()),
      platform: z.string(),
      userData: z.string(),
      /** Folder of the models that ship with the app. */
      bundledModels: z.string()
    })
  }),
  'dialog.openProject': call({ input: z.object({}), output: Chosen }),
  'dialog.saveProject': call({ input: z.object({ name: z.string() }), output: Chosen }),
  'dialog.openFolder': call({ input: z.object({ title: z.string() }), output: Chosen }),
  'dialog.openFile': call({
    input: z.object({ title: z.string(), kind: z.string(), extensions: z.array(z.string().regex(/^[a-z0-9.]+$/)) }),
    output: Chosen
  }),
  'dialog.exportFile': call({ input: z.object({ name: z.string(), extension: z.string(), kind: z.string() }), output: Chosen }),
  /** Opens a report the app wrote in the system's browser, or shows it in its folder. Only files written by report.write. */
  'shell.openReport': call({ input: z.object({ path: z.string() }), output: z.object({}) }),
  'shell.showInFolder': call({ input: z.object({ path: z.string() }), output: z.object({}) }),
  'theme.set': call({ input: z.object({ theme: z.enum(['light', 'dark', 'system']) }), output: z.object({}) }),
  /** Ends a process that cannot be cancelled in time; it starts again and pending calls fail clearly. */
  'process.restart': call({ input: z.object({ process: ProcessName }), output: z.object({}) }),
  /** Asks for a fresh port to a process; it arrives as a window message. */
  'process.connect': call({ input: z.object({ process: ProcessName }), output: z.object({}) })
}

/** starting: forked, not answering yet; ready: answers; stopped: ended, and will be started again. */
export const ProcessState = z.enum(['starting', 'ready', 'stopped'])
export type ProcessState = z.infer<typeof ProcessState>

/** What the application menu asks the window to do. */
export const MenuCommand = z.enum([
  'project.new',
  'project.open',
  'project.openDemo',
  'project.saveAs',
  'report.export',
  'edit.undo',
  'edit.redo',
  'view.analyse',
  'view.layers',
  'view.rankings',
  'view.steer',
  'view.sets',
  'view.experiments',
  'view.reports',
  'view.library',
  'run',
  'cancel',
  'palette',
  'settings',
  'shortcuts',
  'about'
])
export type MenuCommand = z.infer<typeof MenuCommand>

/** What the main process tells every window unasked. */
export const ShellEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('process'), process: ProcessName, state: ProcessState, restarts: z.number().int() }),
  z.object({ type: z.literal('menu'), command: MenuCommand })
])
export type ShellEvent = z.infer<typeof ShellEvent>

/** Answer to a shell call: its output, or an error as data (exceptions lose their fields on the way). */
export type ShellAnswer = { ok: true; output: unknown } | { ok: false; error: WireError }

/** What the preload script puts on `window.workbench`. It never changes when a call is added. */
export interface ShellBridge {
  call(name: string, input: unknown): Promise<ShellAnswer>
  /** Tells `listener` every ShellEvent. */
  onEvent(listener: (event: unknown) => void): void
}

/** Type of the window message that brings a fresh port to a process; the port is in the message's `ports`. */
export const PORT_MESSAGE = 'workbench:port'
export const PortMessage = z.object({ type: z.literal(PORT_MESSAGE), process: ProcessName })

/** Channels between preload and main. */
export const SHELL_CHANNELS = { call: 'workbench:call', event: 'workbench:event', port: PORT_MESSAGE } as const
