/** Reading an SAE's weights from its files in this process, row by row. */
import { join } from 'node:path'
import { assert } from '../../shared/errors'
import type { WeightRef } from '../models/types'
import { readColumns, readRows, readTensor, readTensorFile } from '../tensors/tensor-file'
import type { Sae, SaeWeight } from './types'

/** Decoder rows of the given latents, float32 [latents, d_out], whichever way round W_dec is stored. @throws what reading a file may */
export async function decoderRows(sae: Sae, latents: readonly number[]): Promise<Float32Array> {
  const ref = refOf(sae, 'W_dec')
  const file = await readTensorFile(join(sae.folder, ref.file))
  // A tensor that lies transposed in its file is referenced as its transpose, under its own name (formats/common.ts).
  const swapped = file.tensors.get(ref.name)?.inPlace === false && ref.load === undefined
  return sae.decoderByOutput !== swapped ? readColumns(file, ref.name, latents) : readRows(file, ref.name, latents)
}

/** A whole weight, float32. @throws what reading a file may */
export async function readWeight(sae: Sae, name: SaeWeight): Promise<Float32Array> {
  const ref = refOf(sae, name)
  return readTensor(await readTensorFile(join(sae.folder, ref.file)), ref.name)
}

function refOf(sae: Sae, name: SaeWeight): WeightRef {
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the weight ${name}`)
  return ref
}
