/** The way from a window's page to the shell's handlers. */
import { BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron'
import { SHELL_CHANNELS, type ShellAnswer } from '../../shared/contract/shell'
import { answerShellCall, refuse, type ShellHandlers } from './dispatch'
import { isOwnPage } from './trust'

/** Answers the shell calls of our own pages; any other sender is refused. */
export function serveShell(handlers: ShellHandlers<BrowserWindow>, devServer: string | null): void {
  ipcMain.handle(SHELL_CHANNELS.call, (event, name: unknown, input: unknown): Promise<ShellAnswer> | ShellAnswer => {
    const window = senderWindow(event, devServer)
    if (window === null) return refuse(name, 'the sender is not trusted')
    return answerShellCall(handlers, name, input, window)
  })
}

/** The window whose own top page sent the message; null for any other frame or page. */
function senderWindow({ sender, senderFrame }: IpcMainInvokeEvent, devServer: string | null): BrowserWindow | null {
  // null while the frame navigates away: whoever sent it is gone
  if (senderFrame === null || senderFrame !== sender.mainFrame || !isOwnPage(senderFrame.url, devServer)) return null
  return BrowserWindow.fromWebContents(sender)
}
