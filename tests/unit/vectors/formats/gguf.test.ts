/** Control vectors of llama.cpp, read by an independent reader of the format (@huggingface/gguf) and by ours. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gguf as readIndependently } from '@huggingface/gguf'
import { describe, expect, it } from 'vitest'
import { writeGguf } from '../../../../src/main/tensors/write-gguf'
import { gguf } from '../../../../src/main/vectors/formats/gguf'
import { temporaryFolder } from '../../../support/folder'
import { contentOf, TRICKY } from '../../../support/vectors'

const VECTORS = [
  { layer: 3, vector: TRICKY },
  { layer: 17, vector: TRICKY.map((number) => -number) }
]

describe('gguf', () => {
  it('holds what llama.cpp asks of a control vector, as an independent reader sees it', async () => {
    const path = join(await temporaryFolder(), 'joy.gguf')
    expect(await gguf.write?.(path, contentOf(VECTORS))).toEqual([])
    const file = await readFile(path)
    const { metadata, tensorInfos, tensorDataOffset } = await readIndependently(path, { allowLocalFile: true })
    expect(metadata).toMatchObject({
      version: 3,
      'general.architecture': 'controlvector',
      'controlvector.model_hint': 'llama',
      'controlvector.layer_count': 2,
      'gradsae.recipe': 'joy – ☺'
    })
    // One axis, F32 (type 0), a name that splits at its first dot into "direction" and a number above 0: what loading checks.
    expect(tensorInfos.map(({ name, dtype, n_dims }) => [name, dtype, n_dims])).toEqual([
      ['direction.3', 0, 1],
      ['direction.17', 0, 1]
    ])
    for (const [index, { offset, shape }] of tensorInfos.entries()) {
      const start = Number(tensorDataOffset) + Number(offset)
      expect([start % 32, Number(shape[0])]).toEqual([0, 8])
      expect(Float32Array.from(TRICKY, (_, i) => file.readFloatLE(start + 4 * i))).toEqual(VECTORS[index]?.vector)
    }
  })

  it('gives back every bit, at the output of the block of the same number', async () => {
    const path = join(await temporaryFolder(), 'joy.gguf')
    await gguf.write?.(path, contentOf(VECTORS))
    expect(gguf.matches(await readFile(path))).toBe(true)
    expect(await gguf.read(path)).toEqual({
      kind: 'vectors',
      name: 'joy – ☺',
      vectors: VECTORS.map(({ layer, vector }) => ({ name: `direction.${layer}`, hook: `blocks.${layer}.hook_resid_post`, vector })),
      editSpecial: true,
      model: { name: 'a model', hash: 'sha256:m0de1' },
      notes: []
    })
  })

  it('is not written for layer 0, which llama.cpp refuses', async () => {
    const path = join(await temporaryFolder(), 'joy.gguf')
    const write = gguf.write?.(path, contentOf([{ layer: 0, vector: TRICKY }]))
    await expect(write).rejects.toMatchObject({ code: 'VECTOR_REFUSED', message: expect.stringContaining('the first block (layer 0)') })
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it("reads what repeng writes, layer 0 included, and refuses a model's file", async () => {
    const folder = await temporaryFolder()
    const repeng = join(folder, 'repeng.gguf')
    const keys = {
      'general.architecture': 'controlvector',
      'controlvector.model_hint': 'mistral',
      'controlvector.layer_count': { uint32: 2 }
    }
    await writeGguf(repeng, keys, { 'direction.1': TRICKY, 'direction.0': TRICKY })
    const found = await gguf.read(repeng)
    expect(found).toMatchObject({ name: null, model: null, editSpecial: true })
    expect(found.kind === 'vectors' && found.vectors.map(({ hook }) => hook)).toEqual([
      'blocks.1.hook_resid_post',
      'blocks.0.hook_resid_post'
    ])
    const model = join(folder, 'model.gguf')
    await writeGguf(model, { 'general.architecture': 'llama' }, { 'token_embd.weight': TRICKY })
    await expect(gguf.read(model)).rejects.toMatchObject({
      code: 'VECTORS_INVALID',
      message: expect.stringContaining('its architecture is "llama"')
    })
  })
})
