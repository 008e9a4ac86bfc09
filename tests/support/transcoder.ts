/** Skip transcoders with seeded random weights in SAELens's layout, for tests. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../src/main/tensors/write-safetensors'
import { randomFrom } from './random-numbers'

const LATENTS = 48

/** Writes one into `folder` that reads `width` numbers at `reads` and stands for what is written at `writes`, and returns the folder. */
export async function writeTranscoder(folder: string, width: number, reads: string, writes: string): Promise<string> {
  const random = randomFrom(7)
  const tensor = (...shape: number[]) => {
    const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.between(-0.7, 0.7))
    return { dtype: 'F32' as const, shape, data }
  }
  const config = { architecture: 'skip_transcoder', d_in: width, d_out: width, d_sae: LATENTS, apply_b_dec_to_input: false }
  await writeFile(
    join(folder, 'cfg.json'),
    JSON.stringify({ ...config, metadata: { hook_name: reads, hook_name_out: writes, sae_lens_version: '6.18.0' } })
  )
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), {
    W_enc: tensor(width, LATENTS),
    b_enc: tensor(LATENTS),
    W_dec: tensor(LATENTS, width),
    b_dec: tensor(width),
    W_skip: tensor(width, width)
  })
  return folder
}
