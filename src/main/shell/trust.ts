/** What the window may reach and who may call the main process. Pure. */
import { HOST, SCHEME, parseUrl } from './assets'

/**
 * True for a page of ours: the built window, or in development the dev server's. Compared by protocol and host, because
 * the origin of a custom scheme reads "null".
 */
export function isOwnPage(address: string, devServer: string | null): boolean {
  const url = parseUrl(address)
  if (url === null) return false
  if (url.protocol === `${SCHEME}:`) return url.host === HOST
  const dev = devServer === null ? null : parseUrl(devServer)
  return dev !== null && url.protocol === dev.protocol && url.host === dev.host
}

/** Protocols that stay inside the process. devtools: is Chrome's own inspector. */
const LOCAL = new Set(['data:', 'blob:', 'devtools:'])

/** True when a request of the window may go through: the app's own files, and in development the dev server with its socket. */
export function isAllowedRequest(address: string, devServer: string | null): boolean {
  const url = parseUrl(address)
  if (url === null) return false
  if (LOCAL.has(url.protocol) || isOwnPage(address, devServer)) return true
  const dev = devServer === null ? null : parseUrl(devServer)
  return dev !== null && url.protocol === 'ws:' && url.host === dev.host
}
