/** Changes files of models and SAEs in place, for tests of what is noticed and refused. */
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { readSafetensors, readTensor } from '../../src/main/tensors/safetensors'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'

/** Rewrites a safetensors file as float32 with `change` applied to one tensor's values. */
export async function changeTensor(path: string, name: string, change: (value: number, index: number) => number): Promise<void> {
  const file = await readSafetensors(path)
  const tensors: Record<string, TensorToWrite> = {}
  for (const entry of file.tensors.values()) {
    if (entry.dtype === 'U8') continue
    const data = await readTensor(file, entry.name)
    tensors[entry.name] = { dtype: 'F32', shape: entry.shape, data: entry.name === name ? data.map(change) : data }
  }
  await writeSafetensors(path, tensors)
}

/** Writes a JSON object again with some keys replaced; undefined removes one. */
export async function changeJson(path: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const found = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, 'utf8')))
  await writeFile(path, JSON.stringify({ ...found, ...changes }))
}
