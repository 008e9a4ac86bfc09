import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { modelInfo, openModel } from '../../../src/main/models'
import { readSafetensors, readTensor } from '../../../src/main/tensors/safetensors'
import { writeSafetensors, type TensorToWrite } from '../../../src/main/tensors/write-safetensors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { DEFAULT_MODEL, TINY_MODELS } from '../../support/models'

const [GPT2 = '', LLAMA = ''] = TINY_MODELS

/** A copy of a tiny model with parts of its config replaced (undefined removes a key). */
async function copyOf(source: string, config: Record<string, unknown> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'model')
  await cp(source, folder, { recursive: true })
  const raw: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...Object(raw), ...config }))
  return folder
}

/** A copy of the tiny GPT-2 with its tensors changed by `change`. */
async function withTensors(change: (tensors: Record<string, TensorToWrite>) => void): Promise<string> {
  const folder = await copyOf(GPT2)
  const path = join(folder, 'model.safetensors')
  const file = await readSafetensors(path)
  const tensors: Record<string, TensorToWrite> = {}
  for (const { name, dtype, shape } of file.tensors.values()) {
    if (dtype === 'F32') tensors[name] = { dtype, shape, data: await readTensor(file, name) }
  }
  change(tensors)
  await writeSafetensors(path, tensors)
  return folder
}

describe('opening', () => {
  it('tells what the default model is', async () => {
    const info = modelInfo(await openModel(DEFAULT_MODEL))
    expect(info).toMatchObject({
      name: 'storyteller',
      family: 'llama',
      d_model: 192,
      n_layers: 6,
      n_heads: 6,
      n_kv_heads: 3,
      d_head: 32,
      d_mlp: 512,
      d_vocab: 2048,
      n_ctx: 512,
      precision: 'float16'
    })
    expect(info.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(info.hookPoints).toHaveLength(42)
    expect(info.hookPoints[0]).toBe('blocks.0.hook_resid_pre')
    expect(info.hookPoints.at(-1)).toBe('blocks.5.hook_resid_post')
  })

  it('strips prefixes, counts parameters once, and leaves buffers aside', async () => {
    const model = await openModel(GPT2)
    expect(model.weights.has('h.0.attn.c_attn.weight')).toBe(true)
    expect([...model.weights.keys()].filter((name) => name.endsWith('.attn.bias'))).toEqual([])
    // Per block: two norms, c_attn, c_proj, c_fc, mlp c_proj; then embeddings and the final norm.
    const block = 4 * 24 + (24 * 72 + 72) + (24 * 24 + 24) + (24 * 40 + 40) + (40 * 24 + 24)
    expect(model.parameters).toBe(3 * block + 56 * 24 + 64 * 24 + 2 * 24)
  })

  it('takes end ids from the config and from generation_config.json together', async () => {
    const folder = await copyOf(LLAMA)
    await writeFile(join(folder, 'generation_config.json'), '{"eos_token_id": [1, 7]}')
    expect((await openModel(folder)).config.eosIds).toEqual([0, 1, 7])
  })

  it('gives the same hash to the same files anywhere, and another when one byte of a weight differs', async () => {
    const first = await openModel(GPT2)
    const copy = join(await temporaryFolder(), 'elsewhere')
    await cp(GPT2, copy, { recursive: true })
    expect((await openModel(copy)).hash).toBe(first.hash)
    const path = join(copy, 'model.safetensors')
    const bytes = await readFile(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    await writeFile(path, bytes)
    expect((await openModel(copy)).hash).not.toBe(first.hash)
  })

  it('reads weights that are divided among several files', async () => {
    const folder = await copyOf(GPT2)
    const whole = await readSafetensors(join(folder, 'model.safetensors'))
    const names = [...whole.tensors.values()].flatMap(({ name, dtype }) => (dtype === 'F32' ? [name] : []))
    const map: Record<string, string> = {}
    for (const [part, list] of [names.slice(0, 9), names.slice(9)].entries()) {
      const tensors: Record<string, TensorToWrite> = {}
      for (const name of list) {
        tensors[name] = { dtype: 'F32', shape: whole.tensors.get(name)?.shape ?? [], data: await readTensor(whole, name) }
        map[name] = `part-${part}.safetensors`
      }
      await writeSafetensors(join(folder, `part-${part}.safetensors`), tensors)
    }
    await rm(join(folder, 'model.safetensors'))
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
    const model = await openModel(folder)
    expect(model.parameters).toBe((await openModel(GPT2)).parameters)
    expect(new Set([...model.weights.values()].map(({ file }) => file))).toEqual(new Set(['part-0.safetensors', 'part-1.safetensors']))

    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { a: '../a.safetensors' } }))
    expect(await failureOf(() => openModel(folder))).toContain('model.safetensors.index.json names "../a.safetensors", which is not a file of the folder.')
  })
})

describe('a folder that is not usable is refused with its own text', () => {
  const without = async (file: string): Promise<string> => {
    const folder = await copyOf(GPT2)
    await rm(join(folder, file))
    return folder
  }
  const cases: [what: string, make: () => Promise<string>, text: RegExp][] = [
    ['no such folder', async () => '/no/such/model', /^\/no\/such\/model does not exist\. Check the path/],
    ['a file', async () => join(GPT2, 'config.json'), /config\.json is not a model folder: it is a file\. Choose a Hugging Face folder/],
    ['no config', () => without('config.json'), /is not a model folder: config\.json is missing\./],
    ['no tokenizer', () => without('tokenizer.json'), /is not a model folder: its tokenizer is missing \(one of: tokenizer\.json, vocab\.json with merges\.txt, tokenizer\.model\)\./],
    ['no weights', () => without('model.safetensors'), /is not a model folder: model\.safetensors is missing\./],
    [
      'weights as a bare pickle',
      async () => {
        const folder = await without('model.safetensors')
        await writeFile(join(folder, 'pytorch_model.bin'), Buffer.from('80028a0a6cfc9c46f9206aa850192e80024de9032e', 'hex'))
        return folder
      },
      /pytorch_model\.bin was written by a PyTorch before 1\.6, whose files cannot be read without executing them\. Load it with a recent PyTorch/
    ],
    ['an unknown architecture', () => copyOf(GPT2, { model_type: 'mamba' }), /The architecture "mamba" in .* is not known\. Supported model types are: gpt2, .*gpt_neox, .*llama.*\./],
    ['no model_type', () => copyOf(GPT2, { model_type: undefined }), /The architecture "" in .* is not known/],
    ['a field missing', () => copyOf(GPT2, { n_embd: undefined }), /does not describe a usable model: its "n_embd" is not usable/],
    ['a field of the wrong kind', () => copyOf(LLAMA, { num_hidden_layers: -2 }), /its "num_hidden_layers" is not usable/],
    ['a depth beyond all bounds', () => copyOf(GPT2, { n_layer: 1e9 }), /its "n_layer" is not usable/],
    ['heads that do not divide', () => copyOf(GPT2, { n_head: 5 }), /24 hidden units do not divide among 5 heads/],
    ['groups that do not divide', () => copyOf(LLAMA, { num_key_value_heads: 3 }), /4 heads do not divide among 3 key\/value heads/],
    ['an unknown activation', () => copyOf(LLAMA, { hidden_act: 'xielu' }), /uses the activation function "xielu", which is not supported/],
    ['an unknown position scaling', () => copyOf(LLAMA, { rope_scaling: { type: 'yarn', factor: 4 } }), /the position scaling "yarn", which is not supported\. Supported are: default, linear, llama3\./],
    ['an incomplete position scaling', () => copyOf(LLAMA, { rope_scaling: { rope_type: 'llama3' } }), /its rope_scaling of type llama3 lacks a factor/],
    ['quantised weights', () => copyOf(LLAMA, { quantization_config: { bits: 4 } }), /uses quantised weights, which is not supported\. Choose the float32, float16 or bfloat16 version/],
    ['cross attention', () => copyOf(GPT2, { add_cross_attention: true }), /uses attention to an encoder, which is not supported/],
    ['a layer too many in the config', () => copyOf(GPT2, { n_layer: 4 }), /has no tensor named h\.3\.ln_1\.weight, h\.3\.ln_1\.bias, .* \(and 8 more\)\. The folder may hold another architecture than its config says; check model_type/],
    ['an untied head that is not there', () => copyOf(GPT2, { tie_word_embeddings: false }), /has no tensor named lm_head\.weight/],
    ['a wrong shape', () => copyOf(GPT2, { vocab_size: 60 }), /The tensor transformer\.wte\.weight in .* has the shape \[56, 24\], but \[60, 24\] is needed\./],
    [
      'a wrong type',
      () => withTensors((tensors) => (tensors['transformer.ln_f.bias'] = { dtype: 'I64', shape: [24], data: new BigInt64Array(24) })),
      /The tensor transformer\.ln_f\.bias in .* is stored as I64, which is not supported\. Supported are: F32, F16, BF16, F64\./
    ],
    [
      'truncated weights',
      async () => {
        const folder = await copyOf(GPT2)
        await truncate(join(folder, 'model.safetensors'), 40_000)
        return folder
      },
      /model\.safetensors is not a valid safetensors file: it is cut off: 40000 of \d+ bytes are there\. The file is damaged/
    ],
    [
      'a config that is no JSON',
      async () => {
        const folder = await copyOf(GPT2)
        await writeFile(join(folder, 'config.json'), '{"model_type": ')
        return folder
      },
      /config\.json is not valid JSON: .* Download the file again\./
    ],
    [
      'a tokenizer that is none',
      async () => {
        const folder = await copyOf(GPT2)
        await writeFile(join(folder, 'tokenizer.json'), '{"model": {"vocab": 3}}')
        return folder
      },
      /The tokenizer in .*tokenizer\.json cannot be used: model\.vocab is not as expected/
    ],
    [
      'a config that cannot be read',
      async () => {
        const folder = await copyOf(GPT2)
        await rm(join(folder, 'config.json'))
        await mkdir(join(folder, 'config.json'))
        return folder
      },
      /config\.json cannot be read: it is a folder\. Check the permissions/
    ]
  ]
  it.each(cases)('%s', async (_, make, text) => {
    expect(await failureOf(async () => openModel(await make()))).toMatch(text)
  })
})
