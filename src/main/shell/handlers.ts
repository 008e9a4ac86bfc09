/** What the main process answers: about the app, dialogs, the theme, and its processes. */
import { extname, resolve, sep } from 'node:path'
import { app, nativeTheme, shell, type BrowserWindow } from 'electron'
import { fail } from '../../shared/errors'
import { createDialogs } from './dialogs'
import type { ShellHandlers } from './dispatch'
import type { Places } from './places'
import type { Processes } from './processes'

/** Kinds of files a report is written as. */
const REPORTS = new Set(['.html', '.csv', '.json'])

/** The handlers of every shell call. */
export function createShellHandlers(where: Places, processes: Processes): ShellHandlers<BrowserWindow> {
  const chosen = new Set<string>()
  const dialogs = createDialogs((path) => chosen.add(resolve(path)))

  /** Only what the user chose in a dialog of this session, or what lies in the app's own folder. */
  function own(path: string): string {
    const full = resolve(path)
    if (!chosen.has(full) && !full.startsWith(resolve(where.userData) + sep))
      fail('FILE_UNREADABLE', { path, reason: 'it was not chosen in this window' })
    return full
  }

  return {
    'app.info': () => ({
      name: app.getName(),
      version: app.getVersion(),
      versions: { electron: process.versions.electron, chrome: process.versions.chrome, node: process.versions.node },
      platform: `${process.platform} ${process.arch}`,
      userData: where.userData,
      bundledModels: where.bundledModels
    }),
    'dialog.openProject': (_input, window) => dialogs.openProject(window),
    'dialog.saveProject': ({ name }, window) => dialogs.saveProject(window, name),
    'dialog.openFolder': ({ title }, window) => dialogs.openFolder(window, title),
    'dialog.openFile': (wanted, window) => dialogs.openFile(window, wanted),
    'dialog.exportFile': (file, window) => dialogs.exportFile(window, file),
    async 'shell.openReport'({ path }) {
      const file = own(path)
      if (!REPORTS.has(extname(file).toLowerCase())) fail('FILE_UNREADABLE', { path, reason: 'it is not a report' })
      const problem = await shell.openPath(file)
      if (problem !== '') fail('FILE_UNREADABLE', { path, reason: problem })
      return {}
    },
    'shell.showInFolder'({ path }) {
      shell.showItemInFolder(own(path))
      return {}
    },
    'theme.set'({ theme }) {
      nativeTheme.themeSource = theme
      return {}
    },
    'process.restart'({ process: name }) {
      processes.restart(name)
      return {}
    },
    'process.connect'({ process: name }, window) {
      processes.connect(name, window.webContents)
      return {}
    }
  }
}
