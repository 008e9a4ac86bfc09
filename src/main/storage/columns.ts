/** Typed arrays as bytes and back: little-endian, as every platform that Electron runs on stores them. */
import type { LatentEntries } from '../../shared/records/ranking'

/** One column of bytes per field of LatentEntries. */
export type EntryColumns<B> = { [K in keyof LatentEntries]: B }

/** The columns of a ranking's entries as bytes, 4 per number. */
export function entriesToBytes(entries: LatentEntries): EntryColumns<Uint8Array> {
  return {
    position: bytesOf(entries.position),
    latent: bytesOf(entries.latent),
    activation: bytesOf(entries.activation),
    gradient: bytesOf(entries.gradient),
    score: bytesOf(entries.score)
  }
}

/** The opposite of `entriesToBytes`. libsql gives BLOBs as ArrayBuffers. */
export function entriesFromBytes(columns: EntryColumns<ArrayBuffer>): LatentEntries {
  return {
    position: new Int32Array(columns.position),
    latent: new Int32Array(columns.latent),
    activation: new Float32Array(columns.activation),
    gradient: new Float32Array(columns.gradient),
    score: new Float32Array(columns.score)
  }
}

function bytesOf(array: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
