/** File dialogs. Each remembers what the user chose, because only that may be opened from the window later. */
import { join } from 'node:path'
import { app, dialog, type BrowserWindow } from 'electron'

const PROJECTS = { name: 'GradSAE projects', extensions: ['gradsae'] }

interface Chosen {
  path: string | null
}

export interface Dialogs {
  openProject(window: BrowserWindow): Promise<Chosen>
  saveProject(window: BrowserWindow, name: string): Promise<Chosen>
  openFolder(window: BrowserWindow, title: string): Promise<Chosen>
  openFile(window: BrowserWindow, wanted: { title: string; kind: string; extensions: readonly string[] }): Promise<Chosen>
  exportFile(window: BrowserWindow, file: { name: string; extension: string; kind: string }): Promise<Chosen>
}

/** The dialogs; `remember` is told every path the user chose. */
export function createDialogs(remember: (path: string) => void): Dialogs {
  function chosen(path: string | undefined): Chosen {
    if (path === undefined || path === '') return { path: null }
    remember(path)
    return { path }
  }

  async function save(window: BrowserWindow, name: string, filter: { name: string; extensions: string[] }): Promise<Chosen> {
    const [extension] = filter.extensions
    const defaultPath = join(app.getPath('documents'), `${fileName(name)}.${extension}`)
    const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath, filters: [filter] })
    return chosen(canceled ? undefined : withExtension(filePath, extension))
  }

  return {
    async openProject(window) {
      const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openFile'], filters: [PROJECTS] })
      return chosen(canceled ? undefined : filePaths[0])
    },
    saveProject: (window, name) => save(window, name, PROJECTS),
    async openFolder(window, title) {
      const { canceled, filePaths } = await dialog.showOpenDialog(window, { title, properties: ['openDirectory'] })
      return chosen(canceled ? undefined : filePaths[0])
    },
    async openFile(window, { title, kind, extensions }) {
      const filters = [{ name: kind, extensions: [...extensions] }]
      const { canceled, filePaths } = await dialog.showOpenDialog(window, { title, properties: ['openFile'], filters })
      return chosen(canceled ? undefined : filePaths[0])
    },
    exportFile: (window, { name, extension, kind }) => save(window, name, { name: kind, extensions: [extension] })
  }
}

/** `name` without what file systems refuse, so that a project called "a/b" can be saved. */
export function fileName(name: string): string {
  const safe = name
    .replace(/[<>:"/\\|?*\u0000-\u001f]/g, '-')
    .replace(/[. ]+$/, '')
    .trim()
  return safe === '' ? 'untitled' : safe.slice(0, 120)
}

function withExtension(path: string | undefined, extension: string | undefined): string | undefined {
  if (path === undefined || path === '' || extension === undefined) return path
  return path.toLowerCase().endsWith(`.${extension}`) ? path : `${path}.${extension}`
}
