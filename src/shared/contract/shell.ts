/** Calls answered by Electron's main process: windows, dialogs, supervision. */
import { z } from 'zod'
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
