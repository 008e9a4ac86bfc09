import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeSafetensors, type TensorToWrite } from '../../../../src/main/tensors/write-safetensors'
import { safetensors } from '../../../../src/main/vectors/formats/safetensors'
import { temporaryFolder } from '../../../support/folder'
import { contentOf, edit, recipeOf, SAE_HASH, TRICKY } from '../../../support/vectors'

const f32 = (data: Float32Array, shape = [data.length]): TensorToWrite => ({ dtype: 'F32', shape, data })

async function foreign(tensors: Record<string, TensorToWrite>): Promise<string> {
  const path = join(await temporaryFolder(), 'foreign.safetensors')
  await writeSafetensors(path, tensors)
  return path
}

describe('safetensors', () => {
  it('gives back every bit of the vectors, the name of the recipe and the model', async () => {
    const path = join(await temporaryFolder(), 'vectors.safetensors')
    const vectors = [
      { layer: 0, vector: TRICKY },
      { layer: 11, vector: TRICKY.map((number) => -number) }
    ]
    const notes = await safetensors.write?.(path, contentOf(vectors, recipeOf([edit()], { editSpecial: false })))
    expect(notes).toEqual([expect.stringContaining('leaves out BOS and other special tokens')])
    const file = await readFile(path)
    expect(safetensors.matches(file)).toBe(true)
    const found = await safetensors.read(path)
    expect(found).toMatchObject({
      kind: 'vectors',
      name: 'joy – ☺',
      editSpecial: false,
      model: { name: 'a model', hash: 'sha256:m0de1' },
      notes: []
    })
    expect(found.kind === 'vectors' && found.vectors).toEqual([
      { name: 'direction.0', hook: 'blocks.0.hook_resid_post', vector: TRICKY },
      { name: 'direction.11', hook: 'blocks.11.hook_resid_post', vector: TRICKY.map((number) => -number) }
    ])
    // Read by hand: the header's own words, and the last bytes are the last vector.
    const header: unknown = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString())
    expect(header).toMatchObject({
      __metadata__: { 'gradsae.sae_hashes': SAE_HASH, 'gradsae.workbench': '9.9.9' },
      'direction.0': { dtype: 'F32', shape: [8] }
    })
    expect(file.readFloatLE(file.length - 4)).toBe(Math.fround(1e-30))
  })

  it("reads others': one vector of any name, which does not say where it belongs", async () => {
    const path = await foreign({ refusal: { dtype: 'F64', shape: [1, 3], data: Float64Array.of(1, 2, 0.1) } })
    const found = await safetensors.read(path)
    expect(found).toMatchObject({ name: null, editSpecial: true, model: null })
    expect(found.kind === 'vectors' && found.vectors).toEqual([{ name: 'refusal', hook: null, vector: Float32Array.of(1, 2, 0.1) }])
  })

  it("reads others': tensors that are called like hook points, with a note on the rest", async () => {
    const path = await foreign({ 'blocks.3.hook_resid_pre': f32(TRICKY), bias: f32(TRICKY) })
    const found = await safetensors.read(path)
    expect(found.notes).toEqual(['Passed over, for their names: 1 of 2 tensors.'])
    expect(found.kind === 'vectors' && found.vectors.map(({ hook }) => hook)).toEqual(['blocks.3.hook_resid_pre'])
  })

  it.each<[string, Record<string, TensorToWrite>, string]>([
    ['nothing', {}, 'it has none'],
    [
      'several of unknown names',
      { a: f32(TRICKY), b: f32(TRICKY) },
      'none of its 2 tensors is called direction.{layer} or like a hook point (a, b)'
    ],
    ['a matrix', { 'direction.1': f32(TRICKY, [2, 4]) }, 'the tensor direction.1 [2, 4] is not one vector'],
    ['a square', { 'direction.1': f32(TRICKY.subarray(0, 4), [2, 2]) }, 'is not one vector'],
    ['no numbers', { 'direction.1': f32(new Float32Array(), [0]) }, 'is not one vector'],
    ['whole numbers', { 'direction.1': { dtype: 'I32', shape: [2], data: Int32Array.of(1, 2) } }, 'is stored as I32'],
    ['numbers that are none', { 'direction.1': f32(Float32Array.of(1, NaN)) }, 'a number of direction.1 is not finite'],
    ['more numbers than any model has', { 'direction.1': f32(new Float32Array(2 ** 20 + 1)) }, 'more than the 1048576 that are read']
  ])('refuses %s', async (_, tensors, reason) => {
    const path = await foreign(tensors)
    await expect(safetensors.read(path)).rejects.toMatchObject({ code: 'VECTORS_INVALID', message: expect.stringContaining(reason) })
    await expect(safetensors.read(path)).rejects.toThrow(/ holds no vectors that can be added: /)
  })
})
