/** Writes npy files for tests. */

/** An npy file of version 1 with this header text, padded as NumPy does, and these bytes. */
export function npyOf(header: string, data: Uint8Array): Buffer {
  const padded = Buffer.from(header + ' '.repeat(63 - ((10 + header.length) % 64)) + '\n', 'latin1')
  const length = Buffer.alloc(2)
  length.writeUInt16LE(padded.length)
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, padded, data])
}

/** The header NumPy writes for an array. */
export function npyHeader(descr: string, shape: readonly number[], fortran = false): string {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  return `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${axes}), }`
}

/** float32 zeros of the shape as an npy file. */
export function zeros(shape: readonly number[]): Buffer {
  return npyOf(npyHeader('<f4', shape), Buffer.alloc(4 * shape.reduce((product, size) => product * size, 1)))
}
