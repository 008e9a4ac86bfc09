/** Positioned reads from a file, and refusals in the words of its container. */
import { open, type FileHandle } from 'node:fs/promises'
import { fail, type ErrorCode } from '../../shared/errors'
import { failToRead } from './files'
import type { Container } from './types'

/** One positioned read stays below this many bytes. */
const MAX_READ = 1 << 30

/** Where bytes come from: an opened file, or a member of it inflated into memory. */
export interface ByteSource {
  /** Bytes `offset` to `offset + length`, in memory of their own that starts at an address every typed array can view. */
  read(offset: number, length: number): Promise<Buffer>
}

const INVALID = {
  safetensors: 'SAFETENSORS_INVALID',
  zip: 'ZIP_INVALID',
  npz: 'NUMPY_INVALID',
  torch: 'TORCH_INVALID',
  gguf: 'GGUF_INVALID'
} as const satisfies Record<Container | 'zip', ErrorCode>

/** Refuses a file in the words of its container. */
export function invalid(container: Container | 'zip', path: string, reason: string): never {
  return fail(INVALID[container], { path, reason })
}

/**
 * Opens the file for the time of `use`.
 * @throws FILE_MISSING, FILE_UNREADABLE, and what `use` throws
 */
export async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((error: unknown) => failToRead(path, error))
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

/**
 * Memory for so many bytes, not cleared. It is never pooled, so it starts at an address every typed array can view.
 * @throws OUT_OF_MEMORY when the system or Node has no more
 */
export function allocate(length: number, doing: string): Buffer {
  try {
    return Buffer.allocUnsafeSlow(length)
  } catch (error) {
    return fail('OUT_OF_MEMORY', { doing }, error)
  }
}

/** The file as bytes; a read beyond its end is refused in the words of `container`. */
export function fileSource(handle: FileHandle, path: string, container: Container | 'zip'): ByteSource {
  return {
    async read(offset, length) {
      const buffer = allocate(length, `reading ${path}`)
      for (let done = 0; done < length;) {
        const reading = handle.read(buffer, done, Math.min(length - done, MAX_READ), offset + done)
        const { bytesRead } = await reading.catch((error: unknown) => failToRead(path, error))
        if (bytesRead === 0) {
          const { size } = await handle.stat()
          return invalid(container, path, `it is cut off: ${size} of ${offset + length} bytes are there`)
        }
        done += bytesRead
      }
      return buffer
    }
  }
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Buffer): ByteSource {
  return {
    read(offset, length) {
      const copy = allocate(length, 'reading a compressed array')
      bytes.copy(copy, 0, offset, offset + length)
      return Promise.resolve(copy)
    }
  }
}
