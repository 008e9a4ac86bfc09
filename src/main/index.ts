/** Electron's entry: wiring only. */
import { resolve } from 'node:path'
import { BrowserWindow, Menu, app } from 'electron'
import { processArguments } from './process/options'
import { createShellHandlers } from './shell/handlers'
import { serveShell } from './shell/ipc'
import { openLog } from './shell/log'
import { menuTemplate } from './shell/menu'
import { places } from './shell/places'
import { broadcast, startProcesses } from './shell/processes'
import { declareScheme, serveWindow } from './shell/protocol'
import { disableNetwork, lockSession } from './shell/session'
import { openWindow } from './shell/window'

const devServer = app.isPackaged ? null : (process.env.ELECTRON_RENDERER_URL ?? null)

// Root has no sandbox to enable: tests on a build machine pass --no-sandbox, and then children would not start.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
const folder = app.commandLine.getSwitchValue('user-data-dir')
if (folder !== '') app.setPath('userData', resolve(folder))
disableNetwork(devServer)
declareScheme()

// While developing, the next instance starts before the last one is gone.
if (devServer !== null || app.requestSingleInstanceLock()) void app.whenReady().then(main)
else app.quit()

function main(): void {
  const where = places()
  const log = openLog(resolve(where.userData, 'logs'))
  process.on('uncaughtException', (error) => log('main', error.stack ?? error.message))
  process.on('unhandledRejection', (reason) => log('main', reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)))
  log('main', `${app.getName()} ${app.getVersion()}, Electron ${process.versions.electron}, ${process.platform} ${process.arch}`)
  lockSession(devServer)
  if (devServer === null) serveWindow(where.renderer)

  const options = { userData: where.userData, bundledModels: where.bundledModels, resources: where.resources, version: app.getVersion() }
  const processes = startProcesses({
    entry: where.entry,
    arguments: processArguments({ ...options, validateOutput: !app.isPackaged }),
    log
  })
  serveShell(createShellHandlers(where, processes), devServer)
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(menuTemplate(process.platform, !app.isPackaged, (command) => broadcast({ type: 'menu', command })))
  )

  const open = (): BrowserWindow => openWindow({ preload: where.preload, userData: where.userData, title: app.getName(), devServer, log })
  open()
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window?.isMinimized() === true) window.restore()
    window?.focus()
  })
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) open()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })

  let closed = false
  app.on('will-quit', (event) => {
    if (closed) return
    event.preventDefault()
    void processes.close().finally(() => {
      closed = true
      app.quit()
    })
  })
}
