/**
 * Paths of models that ship with the app, written so that a project opens on any machine: `bundled:storyteller/model`
 * means the folder `storyteller/model` below the app's folder of bundled models.
 */
export const BUNDLED_PREFIX = 'bundled:'

/** `bundled:a/b` -> `<bundledModels>/a/b`; every other path unchanged. A path that climbs out with `..` is left as it is. */
export function resolveBundled(path: string, bundledModels: string): string {
  if (!path.startsWith(BUNDLED_PREFIX)) return path
  const parts = path.slice(BUNDLED_PREFIX.length).split('/')
  if (parts.includes('..')) return path
  return `${withoutTrailingSlash(bundledModels)}/${parts.join('/')}`
}

/** The opposite: a path below `bundledModels` -> `bundled:...`; every other path unchanged. Separators become `/`. */
export function toBundled(path: string, bundledModels: string): string {
  const root = withoutTrailingSlash(bundledModels.replaceAll('\\', '/'))
  const plain = path.replaceAll('\\', '/')
  return plain.startsWith(`${root}/`) ? BUNDLED_PREFIX + plain.slice(root.length + 1) : path
}

function withoutTrailingSlash(path: string): string {
  return path.replace(/[/\\]+$/, '')
}
