/**
 * The zip container as NumPy and PyTorch write it: stored or deflated members, zip64 records, no encryption, one disk. Only the
 * directory at the end and the members' own headers are read, nothing is ever extracted. Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3
 * to 4.5. The reader is strict: both headers of a member must agree, members may not overlap, and none may lie outside the file.
 */
import type { ByteSource } from './bytes'

/** A member of an archive: where its bytes lie in the file, as they are stored. */
export interface ZipMember {
  readonly name: string
  readonly deflated: boolean
  readonly offset: number
  /** Bytes in the file, and after inflating. */
  readonly length: number
  readonly size: number
  readonly crc: number
}

/** Throws the refusal of the file with a reason. */
export type Refuse = (reason: string) => never

/** Reading its headers takes about 0.2 ms a member. A model's shard has a few hundred. */
const MAX_MEMBERS = 10_000
const MAX_DIRECTORY = 2 ** 26
/** Deflate's best case: 258 bytes from two bits (RFC 1951), so no honest member inflates to more. */
export const MAX_RATIO = 1032

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const END_BYTES = 22
const MAX_COMMENT = 0xffff
const FULL16 = 0xffff
const FULL32 = 0xffffffff
const ENCRYPTED = 1
/** Sizes follow the data and may be 0 in the local header. */
const SIZES_LATER = 8
const UTF8 = 0x800

/** The directory: where it lies and how many entries it has. */
interface Directory {
  readonly offset: number
  readonly length: number
  readonly count: number
}

interface CentralEntry extends ZipMember {
  readonly flags: number
  readonly method: number
  readonly rawName: Buffer
  readonly header: number
}

/**
 * All members of the archive by name, in the order of the directory. `size` is the file's.
 * @throws what `refuse` throws
 */
export async function readZip(source: ByteSource, size: number, refuse: Refuse): Promise<Map<string, ZipMember>> {
  const directory = await findDirectory(source, size, refuse)
  const bytes = await source.read(directory.offset, directory.length)
  const members = new Map<string, ZipMember>()
  const places: { from: number; to: number; name: string }[] = []
  let at = 0
  for (let i = 0; i < directory.count; i++) {
    const { entry, next } = centralEntry(bytes, at, refuse)
    at = next
    if (members.has(entry.name)) return refuse(`it has two members named "${entry.name}"`)
    const offset = await dataOffset(source, entry, directory.offset, refuse)
    const { name, deflated, length, crc } = entry
    members.set(name, { name, deflated, offset, length, size: entry.size, crc })
    places.push({ from: entry.header, to: offset + length, name })
  }
  if (at !== bytes.length) return refuse(`its directory has ${directory.count} entries, but bytes beyond them`)
  places.sort((a, b) => a.from - b.from)
  for (const [i, { to, name }] of places.entries()) {
    const next = places[i + 1]
    if (next && next.from < to) return refuse(`its members "${name}" and "${next.name}" overlap`)
  }
  return members
}

async function findDirectory(source: ByteSource, size: number, refuse: Refuse): Promise<Directory> {
  if (size < END_BYTES) return refuse(`it has ${size} bytes, too few for a zip archive`)
  const tailStart = Math.max(0, size - END_BYTES - MAX_COMMENT)
  const tail = await source.read(tailStart, size - tailStart)
  let end = tail.length - END_BYTES
  while (end >= 0 && !(tail.readUInt32LE(end) === END && tail.readUInt16LE(end + 20) === tail.length - end - END_BYTES)) end--
  if (end < 0) return refuse('the directory at its end is missing; it was probably cut off')
  const [disk, startDisk, here, count] = [4, 6, 8, 10].map((field) => tail.readUInt16LE(end + field))
  const [length = 0, offset = 0] = [12, 16].map((field) => tail.readUInt32LE(end + field))
  const short = { offset, length, count: count ?? 0 }
  const directory = await directory64(source, tail, end, tailStart, short, refuse)
  if (directory === short && (disk !== 0 || startDisk !== 0 || here !== count)) return refuse('it is one part of several')
  const limit = tailStart + end
  if (directory.length > MAX_DIRECTORY || directory.count > MAX_MEMBERS) {
    return refuse(`it claims ${directory.count} members in ${directory.length} bytes, more than are read`)
  }
  if (directory.offset + directory.length > limit) return refuse('its directory reaches beyond its end')
  return directory
}

/** The zip64 record where there is one; else `short`, which then must not refer to it. */
async function directory64(
  source: ByteSource,
  tail: Buffer,
  end: number,
  tailStart: number,
  short: Directory,
  refuse: Refuse
): Promise<Directory> {
  const referred = short.count === FULL16 || short.length === FULL32 || short.offset === FULL32
  const locator = end - 20
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64) return referred ? refuse('its zip64 directory is missing') : short
  if (tail.readUInt32LE(locator + 4) !== 0 || tail.readUInt32LE(locator + 16) > 1) return refuse('it is one part of several')
  const place = safe(tail.readBigUInt64LE(locator + 8), refuse)
  if (place + 56 > tailStart + locator) return refuse('its zip64 directory reaches beyond its end')
  const record = await source.read(place, 56)
  if (record.readUInt32LE(0) !== END64) return refuse('its zip64 directory is not where it should be')
  if (record.readUInt32LE(16) !== 0 || record.readUInt32LE(20) !== 0) return refuse('it is one part of several')
  const [here, count = 0, length = 0, offset = 0] = [24, 32, 40, 48].map((field) => safe(record.readBigUInt64LE(field), refuse))
  const agrees = (value: number, small: number, full: number): boolean => small === full || small === value
  if (
    here !== count ||
    !agrees(count, short.count, FULL16) ||
    !agrees(length, short.length, FULL32) ||
    !agrees(offset, short.offset, FULL32)
  ) {
    return refuse('its two directories contradict each other')
  }
  return { offset, length, count }
}

function centralEntry(bytes: Buffer, at: number, refuse: Refuse): { entry: CentralEntry; next: number } {
  if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) return refuse('its directory is damaged')
  const [flags = 0, method = 0, nameLength = 0, extraLength = 0, commentLength = 0, disk = 0] = [8, 10, 28, 30, 32, 34].map((field) =>
    bytes.readUInt16LE(at + field)
  )
  const nameEnd = at + 46 + nameLength
  const extraEnd = nameEnd + extraLength
  const next = extraEnd + commentLength
  if (next > bytes.length) return refuse('its directory is damaged')
  const rawName = bytes.subarray(at + 46, nameEnd)
  const name = checkedName(rawName, flags, refuse)
  const crc = bytes.readUInt32LE(at + 16)
  const small = [24, 20, 42].map((field) => bytes.readUInt32LE(at + field))
  const [size = 0, length = 0, header = 0] = widened(small, bytes.subarray(nameEnd, extraEnd), name, refuse)
  if (disk !== 0) return refuse('it is one part of several')
  if (flags & ENCRYPTED) return refuse(`its member "${name}" is encrypted`)
  if (method !== 0 && method !== 8) return refuse(`its member "${name}" is compressed in a way that is not read (${method})`)
  if (method === 0 && size !== length) return refuse(`its member "${name}" has two sizes`)
  if (size > length * MAX_RATIO) return refuse(`its member "${name}" claims ${size} bytes from ${length}, more than deflate can do`)
  return { entry: { name, rawName, flags, method, deflated: method === 8, offset: 0, length, size, crc, header }, next }
}

/** Where the member's data starts, after its own header, which must say what the directory says. */
async function dataOffset(source: ByteSource, entry: CentralEntry, limit: number, refuse: Refuse): Promise<number> {
  const { name, rawName, header, flags } = entry
  const needed = 30 + rawName.length
  if (header + needed > limit) return refuse(`its member "${name}" lies outside`)
  const local = await source.read(header, needed)
  if (local.readUInt32LE(0) !== LOCAL) return refuse(`its member "${name}" is not where the directory says`)
  const [localFlags = 0, method, nameLength, extraLength = 0] = [6, 8, 26, 28].map((field) => local.readUInt16LE(field))
  const offset = header + needed + extraLength
  if (offset + entry.length > limit) return refuse(`its member "${name}" lies outside`)
  const same = ((localFlags ^ flags) & (ENCRYPTED | SIZES_LATER)) === 0 && method === entry.method && nameLength === rawName.length
  if (!same || !local.subarray(30).equals(rawName)) return refuse(`the two headers of its member "${name}" contradict each other`)
  const small = [22, 18].map((field) => local.readUInt32LE(field))
  const extra = small.includes(FULL32) ? await source.read(header + needed, extraLength) : Buffer.alloc(0)
  const [size, length] = widened(small, extra, name, refuse)
  const crc = local.readUInt32LE(14)
  const agrees = (value: number | undefined, known: number): boolean => value === known || ((flags & SIZES_LATER) !== 0 && value === 0)
  if (!agrees(size, entry.size) || !agrees(length, entry.length) || !agrees(crc, entry.crc)) {
    return refuse(`the two headers of its member "${name}" contradict each other`)
  }
  return offset
}

/** Values that do not fit in 32 bits stand in the zip64 field of `extra`, in the same order. */
function widened(small: readonly number[], extra: Buffer, name: string, refuse: Refuse): number[] {
  if (!small.includes(FULL32)) return [...small]
  let field: Buffer | null = null
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (end > extra.length) break
    if (extra.readUInt16LE(at) === 1) field = extra.subarray(at + 4, end)
    at = end
  }
  const wide = field ?? refuse(`the zip64 sizes of its member "${name}" are missing`)
  let at = 0
  return small.map((value) => {
    if (value !== FULL32) return value
    if (at + 8 > wide.length) return refuse(`the zip64 sizes of its member "${name}" are missing`)
    at += 8
    return safe(wide.readBigUInt64LE(at - 8), refuse)
  })
}

/** Nothing is extracted, so a path could do no harm; but no honest archive of tensors has one that leads elsewhere. */
function checkedName(raw: Buffer, flags: number, refuse: Refuse): string {
  const name = raw.toString(flags & UTF8 ? 'utf8' : 'latin1')
  const parts = name.split(/[\\/]/)
  const astray = name.length === 0 || name.includes('\0') || /^([\\/]|[A-Za-z]:)/.test(name) || parts.includes('..')
  return astray ? refuse(`it has a member with the name ${JSON.stringify(name)}, which leads out of it`) : name
}

function safe(value: bigint, refuse: Refuse): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : refuse('it claims to be larger than any file')
}
