/** Weight files of a model folder: which are read, what their tensors are called, what is left over. */
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import { readWeights, weightFiles } from '../../../src/main/models/weights'
import { readTensor, readTensorFile } from '../../../src/main/tensors/tensor-file'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { writeTorch } from '../../support/torch-file'

const [GPT2 = ''] = TINY_MODELS

const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i)

describe('pytorch_model.bin', () => {
  /** The tiny GPT-2 with its weights as PyTorch's own files. */
  async function torchModel(shards: number): Promise<string> {
    const folder = await temporaryFolder()
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) await copyFile(join(GPT2, file), join(folder, file))
    const file = await readTensorFile(join(GPT2, 'model.safetensors'))
    const entries = [...file.tensors.values()].filter(({ dtype }) => dtype !== 'U8')
    const weight_map: Record<string, string> = {}
    for (let shard = 0; shard < shards; shard++) {
      const name = shards === 1 ? 'pytorch_model.bin' : `pytorch_model-${shard}.bin`
      const own = entries.filter((_, i) => i % shards === shard)
      const storages = []
      for (const { name: tensor, shape } of own) {
        weight_map[tensor] = name
        const tied: Record<string, { shape: readonly number[] }> = tensor.endsWith('wte.weight') ? { 'lm_head.weight': { shape } } : {}
        storages.push({ data: await readTensor(file, tensor), views: { [tensor]: { shape }, ...tied } })
      }
      await writeTorch(join(folder, name), storages)
    }
    if (shards > 1) await writeFile(join(folder, 'pytorch_model.bin.index.json'), JSON.stringify({ metadata: {}, weight_map }))
    return folder
  }

  it.each([1, 3])('in %s file(s) gives the same weights as safetensors', async (shards) => {
    const [theirs, ours] = [await openModel(GPT2), await openModel(await torchModel(shards))]
    expect([...ours.weights.keys()]).toEqual([...theirs.weights.keys()])
    for (const [name, ref] of ours.weights) {
      const [a, b] = [await readTensorFile(join(ours.folder, ref.file)), await readTensorFile(join(GPT2, 'model.safetensors'))]
      expect(ref.load).toBeUndefined()
      expect(await readTensor(a, ref.name), name).toEqual(await readTensor(b, theirs.weights.get(name)?.name ?? ''))
    }
  })

  it('is not read where there are safetensors', async () => {
    const folder = await torchModel(1)
    await copyFile(join(GPT2, 'model.safetensors'), join(folder, 'model.safetensors'))
    expect(await weightFiles(folder)).toEqual([join(folder, 'model.safetensors')])
  })

  it('may hold transposed views, which are then loaded', async () => {
    const path = join(await temporaryFolder(), 'pytorch_model.bin')
    await writeTorch(path, [{ data: numbers(6), views: { w: { shape: [2, 3], strides: [1, 2] } } }])
    const { refs } = await readWeights([path], new Map([['w', [2, 3]]]), [])
    const bytes = await refs.get('w')?.load?.()
    expect(bytes && [...new Float32Array(bytes.slice().buffer)]).toEqual([0, 2, 4, 1, 3, 5])
  })
})

describe('names', () => {
  async function file(names: readonly string[]): Promise<string> {
    const path = join(await temporaryFolder(), 'model.safetensors')
    await writeSafetensors(path, Object.fromEntries(names.map((name, i) => [name, { dtype: 'F32', shape: [2], data: Float32Array.of(i, i) }])))
    return path
  }
  const required = new Map([
    ['norm.weight', [2]],
    ['lm_head.weight', [2]]
  ])
  const prefixes = ['model.', 'model.language_model.', 'language_model.model.', 'language_model.']

  it.each([
    [['norm.weight', 'lm_head.weight']],
    [['model.norm.weight', 'lm_head.weight']],
    [['model.language_model.norm.weight', 'lm_head.weight']],
    [['language_model.model.norm.weight', 'language_model.lm_head.weight']]
  ])('lose the longest prefix that fits: %s', async (names) => {
    const { refs, extra } = await readWeights([await file(names)], required, prefixes)
    expect([...refs.values()].map(({ name }) => name)).toEqual(names)
    expect(extra).toEqual([])
  })

  it('without a prefix win over the same with one', async () => {
    const { refs, extra } = await readWeights([await file(['model.norm.weight', 'norm.weight', 'lm_head.weight'])], required, prefixes)
    expect(refs.get('norm.weight')?.name).toBe('norm.weight')
    expect(extra).toEqual(['model.norm.weight'])
  })

  it('that nothing uses are listed, but not buffers every such file has', async () => {
    const names = ['norm.weight', 'lm_head.weight', 'vision_tower.weight', 'h.0.attn.masked_bias', 'layers.0.self_attn.rotary_emb.inv_freq', 'embeddings.position_ids', 'h.0.attn.bias']
    const { extra } = await readWeights([await file(names)], required, prefixes)
    // [2] is no causal mask, which has four axes: this attn.bias is a weight.
    expect(extra).toEqual(['vision_tower.weight', 'h.0.attn.bias'])
    const path = join(await temporaryFolder(), 'model.safetensors')
    await writeSafetensors(path, { 'h.0.attn.bias': { dtype: 'F32', shape: [1, 1, 2, 2], data: new Float32Array(4) } })
    expect((await readWeights([path], new Map(), prefixes)).extra).toEqual([])
  })

  it('that are tied to a weight are not left over', async () => {
    const path = join(await temporaryFolder(), 'pytorch_model.bin')
    await writeTorch(path, [{ data: numbers(2), views: { 'norm.weight': { shape: [2] }, tied: { shape: [2] }, half: { shape: [1] } } }])
    const { extra } = await readWeights([path], new Map([['norm.weight', [2]]]), [])
    expect(extra).toEqual(['half'])
  })

  it('that are missing are all named', async () => {
    const names = new Map(['norm.weight', 'a', 'b', 'c', 'd', 'e'].map((name) => [name, [2]]))
    expect(await failureOf(async () => readWeights([await file(['norm.weight'])], names, []))).toMatch(/has no tensor named a, b, c, d \(and 1 more\)\. .* check model_type in config\.json/)
  })
})
