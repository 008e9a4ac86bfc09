/**
 * The application menu. It sends commands to the window, which owns what they mean. Keys that the window itself handles
 * are shown but not registered here, so that a key does one thing.
 */
import type { MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../../shared/contract/shell'

type Item = MenuItemConstructorOptions

/** The menu for `platform`; `command` is called when an item is chosen. `development` adds the inspector. */
export function menuTemplate(platform: NodeJS.Platform, development: boolean, command: (name: MenuCommand) => void): Item[] {
  const mac = platform === 'darwin'
  const item = (label: string, name: MenuCommand, accelerator?: string): Item => ({ label, accelerator, click: () => command(name) })
  const shown = (label: string, name: MenuCommand, accelerator: string): Item => ({
    ...item(label, name, accelerator),
    registerAccelerator: false
  })
  const separator: Item = { type: 'separator' }
  const application: Item[] = mac ? [{ role: 'appMenu' }] : []
  return [
    ...application,
    {
      label: '&File',
      submenu: [
        item('New project…', 'project.new', 'CmdOrCtrl+Shift+N'),
        item('Open project…', 'project.open', 'CmdOrCtrl+O'),
        item('Open the demo project', 'project.openDemo'),
        separator,
        item('Save a copy as…', 'project.saveAs', 'CmdOrCtrl+Shift+S'),
        item('Export report…', 'report.export', 'CmdOrCtrl+E'),
        separator,
        item('Settings…', 'settings', 'CmdOrCtrl+,'),
        separator,
        mac ? { role: 'close' } : { role: 'quit' }
      ]
    },
    {
      label: '&Edit',
      submenu: [
        shown('Undo', 'edit.undo', 'CmdOrCtrl+Z'),
        shown('Redo', 'edit.redo', 'CmdOrCtrl+Shift+Z'),
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' }
      ]
    },
    {
      label: '&View',
      submenu: [
        item('Analyse', 'view.analyse', 'CmdOrCtrl+1'),
        item('Layers', 'view.layers', 'CmdOrCtrl+2'),
        item('Rankings', 'view.rankings', 'CmdOrCtrl+3'),
        item('Steer', 'view.steer', 'CmdOrCtrl+4'),
        item('Sets', 'view.sets', 'CmdOrCtrl+5'),
        item('Experiments', 'view.experiments', 'CmdOrCtrl+6'),
        item('Reports', 'view.reports', 'CmdOrCtrl+7'),
        item('Library', 'view.library', 'CmdOrCtrl+8'),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(development ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const] : [])
      ]
    },
    {
      label: '&Run',
      submenu: [
        shown('Run', 'run', 'CmdOrCtrl+Enter'),
        shown('Cancel', 'cancel', 'Esc'),
        separator,
        shown('Command palette…', 'palette', 'CmdOrCtrl+K')
      ]
    },
    { label: '&Help', role: 'help', submenu: [item('Keyboard shortcuts', 'shortcuts', 'F1'), item('About GradSAE Workbench', 'about')] }
  ]
}
