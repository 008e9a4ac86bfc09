/** Serves the built window on app://workbench, and nothing else. */
import { readFile } from 'node:fs/promises'
import { protocol } from 'electron'
import { SCHEME, assetFile, assetHeaders } from './assets'

/** Must run before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }])
}

/** Answers requests for files below `root`; everything else is "not found". */
export function serveWindow(root: string): void {
  protocol.handle(SCHEME, async (request) => {
    const file = request.method === 'GET' ? assetFile(root, request.url) : null
    if (file === null) return notFound()
    try {
      return new Response(await readFile(file), { headers: assetHeaders(file) })
    } catch {
      return notFound() // the page shows what it lacks; there is no one else to tell
    }
  })
}

function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'Content-Type': 'text/plain' } })
}
