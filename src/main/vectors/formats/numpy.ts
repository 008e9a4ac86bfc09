/** One vector as a NumPy array (.npy), as others save them. It does not say where it belongs. Only read. */
import { isNpy } from '../../tensors/npy'
import { readNpy } from '../../tensors/numpy'
import type { FormatSpec } from '../types'
import { vectorsOf } from '../named'

export const numpy: FormatSpec = {
  format: 'numpy',
  title: 'one vector (.npy)',
  matches: isNpy,
  async read(path) {
    const { vectors, notes } = await vectorsOf(await readNpy(path))
    return { kind: 'vectors', name: null, vectors: vectors.map((one) => ({ ...one, hook: null })), editSpecial: true, model: null, notes }
  },
  write: null
}
