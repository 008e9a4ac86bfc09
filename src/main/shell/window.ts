/** The application window. */
import { join } from 'node:path'
import { BrowserWindow, nativeTheme, screen } from 'electron'
import { START_PAGE } from './assets'
import type { Log } from './log'
import { lockContents } from './session'
import { MINIMUM, placeWindow, readWindowState, writeWindowState } from './window-state'

export interface WindowOptions {
  preload: string
  userData: string
  title: string
  /** Address of the dev server; null shows the built window. */
  devServer: string | null
  log: Log
}

/** Reloads of a page that keeps crashing are bounded: so many within a minute. */
const RELOADS_PER_MINUTE = 3
const RELOAD_WAIT = 100

/** Opens the window where it was last, with no rights in its page. */
export function openWindow({ preload, userData, title, devServer, log }: WindowOptions): BrowserWindow {
  const file = join(userData, 'window.json')
  const remembered = readWindowState(file)
  const areas = screen.getAllDisplays().map((display) => display.workArea)
  const window = new BrowserWindow({
    ...placeWindow(remembered?.bounds ?? null, areas),
    minWidth: MINIMUM.width,
    minHeight: MINIMUM.height,
    title,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false
    }
  })
  if (remembered?.maximized === true) window.maximize()
  lockContents(window.webContents, devServer)
  reloadAfterCrash(window, log)
  window.once('ready-to-show', () => window.show())
  window.on('close', () => writeWindowState(file, { bounds: window.getNormalBounds(), maximized: window.isMaximized() }))
  window.loadURL(devServer ?? START_PAGE).catch((thrown: unknown) => log('window', `the page did not load: ${String(thrown)}`))
  return window
}

function reloadAfterCrash(window: BrowserWindow, log: Log): void {
  let crashes: number[] = []
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log('window', `the page's process ended: ${reason} (${exitCode})`)
    if (reason === 'clean-exit') return
    crashes = [...crashes.filter((time) => Date.now() - time < 60_000), Date.now()]
    // Not from within the event: the page's process is still being cleared away.
    if (crashes.length <= RELOADS_PER_MINUTE) setTimeout(() => window.isDestroyed() || window.webContents.reload(), RELOAD_WAIT)
  })
  window.webContents.on('console-message', (_event, level, message) => {
    if (level >= 2) log('page', message)
  })
}
