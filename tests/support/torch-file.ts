/** Writes state dicts as torch.save does: a zip archive of a pickle and the storages. */
import { writeFile } from 'node:fs/promises'
import { rowMajor } from '../../src/main/tensors/layout'
import { dict, pickleOf, storage, text, view } from './pickle'
import { zipOf } from './zip'

/** A float32 storage and the views of it, each with its offset and strides in elements; none means all of it, row-major. */
export interface StorageToWrite {
  readonly data: Float32Array
  readonly views: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly strides?: readonly number[]; readonly offset?: number }>
  >
}

export async function writeTorch(path: string, storages: readonly StorageToWrite[]): Promise<void> {
  const entries = storages.flatMap(({ data, views }, key) =>
    Object.entries(views).flatMap(([name, { shape, strides = rowMajor(shape), offset = 0 }]) => [
      text(name),
      view(storage(String(key), data.length), offset, shape, strides)
    ])
  )
  const members = storages.map(({ data }, key) => ({
    name: `archive/data/${key}`,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }))
  await writeFile(path, zipOf([{ name: 'archive/data.pkl', data: pickleOf(dict(...entries)) }, ...members]))
}
