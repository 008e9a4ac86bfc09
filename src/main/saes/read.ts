/** Reading an SAE's weights from its files in this process, row by row. */
import { join } from 'node:path'
import { assert } from '../../shared/errors'
import type { WeightRef } from '../models/types'
import { eachRowBlock, readColumns, readRows, readTensor, readTensorFile, type TensorFile } from '../tensors/tensor-file'
import type { Sae, SaeWeight } from './types'

/** Numbers of W_dec held at once: 16 MiB of float32. */
const BLOCK = 2 ** 22

/** Decoder rows of the given latents, float32 [latents, d_out], whichever way round W_dec is stored. @throws what reading a file may */
export async function decoderRows(sae: Sae, latents: readonly number[]): Promise<Float32Array> {
  const ref = refOf(sae, 'W_dec')
  const file = await readTensorFile(join(sae.folder, ref.file))
  return sae.decoderByOutput !== isSwapped(file, ref) ? readColumns(file, ref.name, latents) : readRows(file, ref.name, latents)
}

/** A whole weight, float32. @throws what reading a file may */
export async function readWeight(sae: Sae, name: SaeWeight): Promise<Float32Array> {
  const ref = refOf(sae, name)
  return readTensor(await readTensorFile(join(sae.folder, ref.file)), ref.name)
}

/** By SAE as opened: an encoder, the preflight and the units of Neuronpedia all ask, and the whole decoder is read for it. */
const known = new WeakMap<Sae, Promise<Float32Array>>()

/** |W_dec[i]| of every latent, float32 [d_sae], read block by block, once; not to be changed. @throws what reading a file may */
export function decoderNorms(sae: Sae): Promise<Float32Array> {
  const found = known.get(sae)
  if (found) return found
  const norms = summed(sae)
  known.set(sae, norms)
  // A file that could not be read may be there again.
  norms.catch(() => known.delete(sae))
  return norms
}

async function summed(sae: Sae): Promise<Float32Array> {
  const ref = refOf(sae, 'W_dec')
  const file = await readTensorFile(join(sae.folder, ref.file))
  const squares = new Float64Array(sae.d_sae)
  const width = file.tensors.get(ref.name)?.shape[1] ?? 1
  // Rows of the file are decoder rows, or one coordinate of all of them.
  const byLatent = sae.decoderByOutput === isSwapped(file, ref)
  await eachRowBlock(file, ref.name, Math.max(1, Math.floor(BLOCK / width)), (first, block) => {
    for (let i = 0; i < block.length; i++) {
      const latent = byLatent ? first + Math.floor(i / width) : i % width
      squares[latent] = (squares[latent] ?? 0) + (block[i] ?? 0) ** 2
    }
  })
  return Float32Array.from(squares, Math.sqrt)
}

/** A tensor that lies transposed in its file is referenced as its transpose, under its own name (formats/common.ts). */
function isSwapped(file: TensorFile, ref: WeightRef): boolean {
  return file.tensors.get(ref.name)?.inPlace === false && ref.load === undefined
}

function refOf(sae: Sae, name: SaeWeight): WeightRef {
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the weight ${name}`)
  return ref
}
