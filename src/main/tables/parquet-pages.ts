/**
 * Looks at the pages of a Parquet file before they are unpacked: counts and sizes that a header merely claims would otherwise be
 * allocated and filled.
 */
import type { FileMetaData } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'

/** Pages are written with 1 MiB; other writers' are a few times as large. */
const MAX_PAGE_BYTES = 2 ** 28

/**
 * Checks that the pages of every column chunk lie within the file, unpack to a bounded size, and hold as many values as their row group
 * has rows. @throws what `refuse` throws
 */
export function checkPages({ row_groups, num_rows }: FileMetaData, bytes: Uint8Array, refuse: (reason: string) => never): void {
  let rows = 0n
  for (const { columns, num_rows: groupRows } of row_groups) {
    rows += groupRows
    for (const { meta_data: chunk } of columns) {
      if (chunk === undefined) return refuse('a column has no metadata')
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)
      const end = start + Number(chunk.total_compressed_size)
      if (!(start >= 4) || !(end > start) || end > bytes.byteLength) return refuse('a column lies outside of the file')
      if (valuesBetween(bytes.subarray(start, end), refuse) !== Number(groupRows))
        return refuse('a column does not hold as many values as its row group has rows')
    }
  }
  if (rows !== num_rows) refuse('its row groups do not hold as many rows as it says')
}

function valuesBetween(chunk: Uint8Array, refuse: (reason: string) => never): number {
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 }
  let values = 0
  while (reader.offset < chunk.byteLength) {
    const header = parquetHeader(reader)
    const { compressed_page_size: packed, uncompressed_page_size: size, dictionary_page_header: dictionary } = header
    if (!(packed >= 0) || reader.offset + packed > chunk.byteLength) return refuse('a page lies outside of its column')
    if (!(size >= 0) || size > MAX_PAGE_BYTES) return refuse(`a page says to hold ${size} bytes`)
    // Every value of a dictionary takes a byte at least.
    if (dictionary && !(dictionary.num_values >= 0 && dictionary.num_values <= size * 8))
      return refuse('a dictionary says to hold more than its page')
    const count = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0
    if (!(count >= 0)) return refuse('a page says to hold less than nothing')
    values += count
    reader.offset += packed
  }
  return values
}
