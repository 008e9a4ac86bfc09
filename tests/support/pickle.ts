/** Assembles pickles for tests, operation by operation (protocol 2). */

export const MARK = 0x28

export const bytes = (...codes: number[]): Buffer => Buffer.from(codes)

/** A whole pickle of one value. */
export const pickleOf = (value: Buffer): Buffer => Buffer.concat([bytes(0x80, 2), value, bytes(0x2e)])

export function text(value: string): Buffer {
  const encoded = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(encoded.length)
  return Buffer.concat([bytes(0x58), length, encoded])
}

/** As LONG1 of eight bytes, which holds any exact number. */
export function int(value: number): Buffer {
  const encoded = Buffer.alloc(8)
  encoded.writeBigInt64LE(BigInt(value))
  return Buffer.concat([bytes(0x8a, 8), encoded])
}

export const tuple = (...items: Buffer[]): Buffer => Buffer.concat([bytes(MARK), ...items, bytes(0x74)])
export const list = (...items: Buffer[]): Buffer => Buffer.concat([bytes(0x5d, MARK), ...items, bytes(0x65)])
/** Keys and values in turn. */
export const dict = (...items: Buffer[]): Buffer => Buffer.concat([bytes(0x7d, MARK), ...items, bytes(0x75)])
export const global = (module: string, name: string): Buffer => Buffer.concat([bytes(0x63), Buffer.from(`${module}\n${name}\n`)])
export const call = (callable: Buffer, ...items: Buffer[]): Buffer => Buffer.concat([callable, tuple(...items), bytes(0x52)])

/** A storage by its persistent id. */
export const storage = (key: string, length: number, type = 'FloatStorage'): Buffer =>
  Buffer.concat([tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(length)), bytes(0x51)])

/** A tensor as PyTorch writes it. */
export const view = (base: Buffer, offset: number, shape: readonly number[], strides: readonly number[]): Buffer =>
  call(
    global('torch._utils', '_rebuild_tensor_v2'),
    base,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    bytes(0x89),
    dict()
  )
