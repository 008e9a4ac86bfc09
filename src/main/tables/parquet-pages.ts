/**
 * Looks at the pages of a Parquet file before they are read: counts, sizes and runs that a file merely claims would otherwise be allocated
 * and filled. A page of 20 bytes can say that it holds one value two thousand million times.
 */
import { snappyUncompress, type ColumnMetaData, type FileMetaData, type PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'

/** Pages are written with 1 MiB; other writers' are a few times as large. */
const MAX_PAGE_BYTES = 2 ** 28

type Refuse = (reason: string) => never

/**
 * Checks that the pages of every column lie within the file, unpack to a bounded size, and hold as many values as their row group has
 * rows, in runs that are no longer. `nullable` says so of each column, in the order of the schema. @throws what `refuse` throws
 */
export function checkPages({ row_groups, num_rows }: FileMetaData, bytes: Uint8Array, nullable: readonly boolean[], refuse: Refuse): void {
  let rows = 0n
  for (const { columns, num_rows: groupRows } of row_groups) {
    rows += groupRows
    columns.forEach(({ meta_data: column }, index) => {
      if (column === undefined) return refuse('a column has no metadata')
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset)
      const end = start + Number(column.total_compressed_size)
      if (!(start >= 4) || !(end > start) || end > bytes.byteLength) return refuse('a column lies outside of the file')
      if (valuesIn(bytes.subarray(start, end), column, nullable[index] ?? false, refuse) !== Number(groupRows))
        return refuse('a column does not hold as many values as its row group has rows')
    })
  }
  if (rows !== num_rows) refuse('its row groups do not hold as many rows as it says')
}

function valuesIn(chunk: Uint8Array, column: ColumnMetaData, nullable: boolean, refuse: Refuse): number {
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 }
  let values = 0
  while (reader.offset < chunk.byteLength) {
    const header = parquetHeader(reader)
    const { compressed_page_size: packed, uncompressed_page_size: size, dictionary_page_header: dictionary } = header
    if (!(packed >= 0) || reader.offset + packed > chunk.byteLength) return refuse('a page lies outside of its column')
    if (!(size >= 0) || size > MAX_PAGE_BYTES) return refuse(`a page says to hold ${size} bytes`)
    // Booleans have no dictionaries, and every other value takes four bytes at least.
    if (dictionary && !(dictionary.num_values >= 0 && dictionary.num_values * 4 <= size))
      return refuse('a dictionary is larger than its page')
    const page = chunk.subarray(reader.offset, reader.offset + packed)
    values += header.data_page_header_v2 ? secondKind(page, header, column, refuse) : firstKind(page, header, column, nullable, refuse)
    reader.offset += packed
  }
  return values
}

/** DATA_PAGE_V2: levels as they are, with their length in the header, then values. Returns how many values it stands for. */
function secondKind(page: Uint8Array, header: PageHeader, column: ColumnMetaData, refuse: Refuse): number {
  const { data_page_header_v2: own, uncompressed_page_size: size } = header
  if (!own) return 0
  const { num_values: count, definition_levels_byte_length: levels, repetition_levels_byte_length: repeated, is_compressed } = own
  if (!(count >= 0) || repeated !== 0 || !(levels >= 0 && levels <= page.length && levels <= size))
    return refuse('a page has levels out of place')
  if (levels > 0) checkRuns(page.subarray(0, levels), 1, count, refuse)
  const codec = is_compressed === false ? 'UNCOMPRESSED' : column.codec
  checkValues(unpacked(page.subarray(levels), size - levels, codec, refuse), own.encoding, column, count, refuse)
  return count
}

/** DATA_PAGE: levels and values packed together, the length of levels before them. */
function firstKind(page: Uint8Array, header: PageHeader, column: ColumnMetaData, nullable: boolean, refuse: Refuse): number {
  const own = header.data_page_header
  if (!own) return 0
  const count = own.num_values
  if (!(count >= 0)) return refuse('a page says to hold less than nothing')
  let content = unpacked(page, header.uncompressed_page_size, column.codec, refuse)
  if (nullable) {
    const end = 4 + lengthAt(content, refuse)
    if (end > content.length) return refuse('a page has levels out of place')
    checkRuns(content.subarray(4, end), 1, count, refuse)
    content = content.subarray(end)
  }
  checkValues(content, own.encoding, column, count, refuse)
  return count
}

/** Values that are written as runs: indices into a dictionary, and booleans. */
function checkValues(values: Uint8Array, encoding: string, { type }: ColumnMetaData, count: number, refuse: Refuse): void {
  if (encoding === 'PLAIN') return
  if (encoding === 'RLE' && type === 'BOOLEAN') return checkRuns(values.subarray(4, 4 + lengthAt(values, refuse)), 1, count, refuse)
  if (encoding !== 'RLE_DICTIONARY' && encoding !== 'PLAIN_DICTIONARY') refuse(`a page is encoded as ${encoding}, which is not read`)
  const width = values[0] ?? 0
  if (width > 32) refuse('a page has indices of more than 32 bits')
  if (width > 0) checkRuns(values.subarray(1), width, count, refuse)
}

/**
 * Walks runs (https://parquet.apache.org/docs/file-format/data-pages/encodings/, "RLE/Bit-Packing Hybrid") of `width` bits until `count`
 * values or the end: each begins with a varint whose lowest bit tells groups of eight packed values from one value many times.
 */
function checkRuns(runs: Uint8Array, width: number, count: number, refuse: Refuse): void {
  let [at, seen] = [0, 0]
  while (seen < count && at < runs.length) {
    let [head, shift] = [0, 1]
    for (let more = true; more; at++) {
      const byte = runs[at] ?? 0
      head += (byte & 0x7f) * shift
      shift *= 128
      more = byte >= 0x80
      if (shift > 2 ** 35) refuse('a page has a run without an end')
    }
    const packed = head % 2 === 1
    const length = Math.floor(head / 2) * (packed ? 8 : 1)
    // Packed values come in eights: the last of them may be padding.
    if (seen + length > count + (packed ? 7 : 0)) refuse('a page has a run that is longer than itself')
    if (length === 0) refuse('a page has a run of nothing')
    seen += length
    at += packed ? (length / 8) * width : Math.ceil(width / 8)
  }
}

function unpacked(page: Uint8Array, size: number, codec: string, refuse: Refuse): Uint8Array {
  if (codec === 'UNCOMPRESSED') return page
  if (codec !== 'SNAPPY') return refuse(`it is compressed with ${codec}, which is not read`)
  // Snappy's longest copy, 64 bytes, takes two.
  if (size > 64 * page.length + 64) return refuse('a page says to unpack to more than it can')
  const out = new Uint8Array(size)
  if (size > 0) snappyUncompress(page, out)
  return out
}

function lengthAt(values: Uint8Array, refuse: Refuse): number {
  return values.length < 4 ? refuse('a page is cut off') : new DataView(values.buffer, values.byteOffset, 4).getUint32(0, true)
}
