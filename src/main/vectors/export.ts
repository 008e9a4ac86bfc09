/** Recipes to files. */
import { stat } from 'node:fs/promises'
import { assert } from '../../shared/errors'
import { FORMATS } from './formats'
import type { Content } from './types'

/**
 * Writes a recipe, or its summed vectors, in the format called `format`; whole or not at all. Notes say what the format cannot hold.
 * @throws VECTOR_REFUSED, DISK_FULL, FILE_UNWRITABLE, and what summing throws
 */
export async function exportRecipe(
  path: string,
  format: string,
  content: Content
): Promise<{ path: string; bytes: number; notes: string[] }> {
  const write = FORMATS.find((spec) => spec.format === format)?.write
  assert(write, `recipes are written as ${format}`)
  const notes = await write(path, content)
  return { path, bytes: (await stat(path)).size, notes }
}
