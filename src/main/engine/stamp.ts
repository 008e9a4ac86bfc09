import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { dirname, basename, join } from 'node:path'

/**
 * Names, sizes and times of a folder's files, or of a file and those beside it that are called after it: changes when any of them is
 * replaced, so that an opened model or SAE is never used after its files have changed. Empty for what is not there; opening it then
 * says why.
 */
export async function folderStamp(path: string): Promise<string> {
  const found = await stat(path).catch(() => null)
  if (found === null) return ''
  const folder = found.isDirectory() ? path : dirname(path)
  const names = await readdir(folder).catch(() => [])
  const own = found.isDirectory() ? names : names.filter((name) => belongs(basename(path), name))
  const files = await Promise.all(own.sort().map(async (name) => ({ name, found: await stat(join(folder, name)).catch(() => null) })))
  return files.map(({ name, found: file }) => `${name} ${file?.size ?? ''} ${file?.mtimeMs ?? ''}`).join('\n')
}

/** Whether a file describes another one beside it: X_cfg.json of X.pt, or the configuration of all in the folder. */
function belongs(file: string, name: string): boolean {
  const stem = file.replace(/\.\w+$/, '')
  return name === file || name === `${stem}_cfg.json` || /^(config\.json|(wandb-)?config\.yaml)$/.test(name)
}

/** The stamp as 16 digits; '' where there is nothing. */
export async function shortStamp(path: string): Promise<string> {
  const stamp = await folderStamp(path)
  return stamp === '' ? '' : createHash('sha256').update(stamp).digest('hex').slice(0, 16)
}
