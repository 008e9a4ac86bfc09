/** Writes zip archives for tests: right ones, and wrong ones field by field. */
import { deflateRawSync } from 'node:zlib'
import { crcOf } from '../../src/main/tensors/crc'

export interface MemberToWrite {
  readonly name: string
  readonly data: Uint8Array
  readonly deflate?: boolean
  /** Overrides of what the headers say; `local` only in the member's own. */
  readonly lie?: Partial<Record<'size' | 'length' | 'crc' | 'flags' | 'method' | 'header', number>>
  readonly local?: Partial<Record<'size' | 'length' | 'crc' | 'flags' | 'method', number>> & { readonly name?: string }
}

/** Overrides of the record at the end. */
export type EndLie = Partial<Record<'disk' | 'count' | 'length' | 'offset', number>>

/** An archive of the members in their order. */
export function zipOf(members: readonly MemberToWrite[], end: EndLie = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, data, deflate = false, lie = {}, local = {} } of members) {
    const stored = deflate ? deflateRawSync(data) : Buffer.from(data)
    const facts = { size: data.length, length: stored.length, crc: crcOf(data), flags: 0x800, method: deflate ? 8 : 0, header: at, ...lie }
    const own = header(Buffer.from(local.name ?? name), { ...facts, ...local })
    directory.push(entry(Buffer.from(name), facts))
    parts.push(own, stored)
    at += own.length + stored.length
  }
  const central = Buffer.concat(directory)
  const last = Buffer.alloc(22)
  last.writeUInt32LE(0x06054b50, 0)
  last.writeUInt16LE(end.disk ?? 0, 4)
  last.writeUInt16LE(end.count ?? members.length, 8)
  last.writeUInt16LE(end.count ?? members.length, 10)
  last.writeUInt32LE(end.length ?? central.length, 12)
  last.writeUInt32LE(end.offset ?? at, 16)
  return Buffer.concat([...parts, central, last])
}

interface Facts {
  readonly size: number
  readonly length: number
  readonly crc: number
  readonly flags: number
  readonly method: number
  readonly header: number
}

function header(name: Buffer, { flags, method, crc, length, size }: Facts): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.writeUInt32LE(0x04034b50, 0)
  bytes.writeUInt16LE(20, 4)
  bytes.writeUInt16LE(flags, 6)
  bytes.writeUInt16LE(method, 8)
  bytes.writeUInt32LE(crc, 14)
  bytes.writeUInt32LE(length, 18)
  bytes.writeUInt32LE(size, 22)
  bytes.writeUInt16LE(name.length, 26)
  return Buffer.concat([bytes, name])
}

function entry(name: Buffer, { flags, method, crc, length, size, header }: Facts): Buffer {
  const bytes = Buffer.alloc(46)
  bytes.writeUInt32LE(0x02014b50, 0)
  bytes.writeUInt16LE(20, 4)
  bytes.writeUInt16LE(20, 6)
  bytes.writeUInt16LE(flags, 8)
  bytes.writeUInt16LE(method, 10)
  bytes.writeUInt32LE(crc, 16)
  bytes.writeUInt32LE(length, 20)
  bytes.writeUInt32LE(size, 24)
  bytes.writeUInt16LE(name.length, 28)
  bytes.writeUInt32LE(header, 42)
  return Buffer.concat([bytes, name])
}
