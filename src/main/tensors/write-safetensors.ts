/** Writes the safetensors container (see safetensors.ts for its layout). */
import { open, rename, rm } from 'node:fs/promises'
import { assert } from '../../shared/errors'
import { bytesPerElement, type Dtype } from './dtypes'
import { failToWrite } from './files'

/** A tensor to write: row-major little-endian data, as typed arrays hold it on every supported machine. */
export interface TensorToWrite {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly data: ArrayBufferView
}

/**
 * Writes `tensors` to `path` in their order. The file appears whole or not at all: it is written beside its name and
 * renamed. The header is padded with spaces so that the data starts at a multiple of 64 bytes, which lets the runtime
 * map it in place.
 * @throws DISK_FULL, FILE_UNWRITABLE
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>
): Promise<void> {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  let end = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const needed = shape.reduce((product, dim) => product * dim, bytesPerElement(dtype))
    assert(data.byteLength === needed, `${name} [${shape.join(', ')}] ${dtype} has ${needed} bytes, not ${data.byteLength}`)
    header[name] = { dtype, shape, data_offsets: [end, (end += needed)] }
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Buffer.concat([json, Buffer.alloc((64 - ((8 + json.length) % 64)) % 64, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  await writeWhole(path, [length, padded, ...Object.values(tensors).map(({ data }) => data)])
}

async function writeWhole(path: string, parts: readonly ArrayBufferView[]): Promise<void> {
  const beside = `${path}.${process.pid}.partial`
  try {
    const file = await open(beside, 'w')
    try {
      for (const part of parts) await file.writeFile(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    failToWrite(path, error)
  }
}
