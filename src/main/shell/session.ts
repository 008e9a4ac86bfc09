/** The window has no network, no permissions and no pages but its own. */
import { app, session, type WebContents } from 'electron'
import { isAllowedRequest, isOwnPage } from './trust'

/** Must run before the app is ready. Names are not even looked up; in development the dev server is needed. */
export function disableNetwork(devServer: string | null): void {
  app.commandLine.appendSwitch('disable-background-networking')
  app.commandLine.appendSwitch('disable-component-update')
  app.commandLine.appendSwitch('no-proxy-server')
  if (devServer === null) app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
}

/** Cancels every request that is not for our own files, and denies every permission but copying. */
export function lockSession(devServer: string | null): void {
  const { webRequest } = session.defaultSession
  webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isAllowedRequest(url, devServer) }))
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === 'clipboard-sanitized-write'))
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === 'clipboard-sanitized-write')
  session.defaultSession.setSpellCheckerEnabled(false)
  session.defaultSession.on('will-download', (event) => event.preventDefault())
}

/** No page but ours, no new windows, no embedded pages. */
export function lockContents(contents: WebContents, devServer: string | null): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url, devServer)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
}
