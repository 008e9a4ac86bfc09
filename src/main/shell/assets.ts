/** Which file answers an app:// address, with which headers. Pure, so that its refusals are easy to test. */
import { extname, join, normalize, sep } from 'node:path'

export const SCHEME = 'app'
export const HOST = 'workbench'
export const START_PAGE = `${SCHEME}://${HOST}/index.html`

/**
 * Only the app's own files run; nothing is fetched from anywhere. Style attributes are allowed because chart tooltips
 * and labels are positioned with them; style sheets and scripts must be files of the app.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2'
}

/**
 * The file below `root` that `address` names, or null when it is another scheme or host, malformed, of an unknown type,
 * or leads out of `root`.
 */
export function assetFile(root: string, address: string): string | null {
  const url = parseUrl(address)
  if (url === null || url.protocol !== `${SCHEME}:` || url.host !== HOST) return null
  const path = decodePath(url.pathname)
  if (path === null || path.includes('\0') || path.includes('\\')) return null
  const base = normalize(root + sep)
  const file = normalize(join(base, path))
  return file.startsWith(base) && extname(file) in TYPES ? file : null
}

/** Headers of every answer: the policy, the type, and that nobody guesses another one. */
export function assetHeaders(file: string): Record<string, string> {
  return {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache'
  }
}

function decodePath(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null // a broken escape: no file of ours has one
  }
}

/** `new URL`, null when it is none. */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
