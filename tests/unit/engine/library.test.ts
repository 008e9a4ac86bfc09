import { cp, link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../src/main/engine/find'
import { inspectFolders, type Found } from '../../../src/main/engine/library'
import { folderStamp } from '../../../src/main/engine/stamp'
import { Cancelled } from '../../../src/shared/errors'
import { quietTask } from '../../../src/shared/task'
import { temporaryFolder } from '../../support/folder'

const FIXTURES = join(import.meta.dirname, '../../fixtures')
const SAES = join(FIXTURES, 'saes')

const below = (root: string, found: Found): { models: string[]; saes: string[]; ambiguous: string[]; refused: string[] } => ({
  models: found.models.map(({ path }) => relative(root, path)),
  saes: found.saes.map(({ path }) => relative(root, path)),
  ambiguous: found.ambiguous.map(({ path }) => relative(root, path)),
  refused: found.refused.map(({ path }) => relative(root, path))
})

describe('looking through folders', () => {
  it('offers every SAE below a folder, folders and single files alike, and asks about what can be read in several ways', async () => {
    const root = await temporaryFolder()
    for (const name of ['sparsify', 'goodfire', 'deepseek', 'circuit-tracer', 'refused', 'qwen-scope'])
      await cp(join(SAES, name), join(root, name), { recursive: true })
    const found = await inspectFolders([root], quietTask())
    expect(below(root, found)).toEqual({
      models: [],
      saes: [
        'circuit-tracer/qwen/layer_7.safetensors',
        'circuit-tracer/skip/layer_0.safetensors',
        'deepseek/DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt',
        'goodfire/Llama-3.1-8B-Instruct-SAE-l19.pth',
        'goodfire/Llama-3.3-70B-Instruct-SAE-l50.pt',
        'qwen-scope/SAE-Res-Qwen3-8B-Base-W64K-L0_5/layer3.sae.pt',
        'sparsify/h.0.attn',
        'sparsify/layers.3',
        'sparsify/layers.3.mlp',
        'sparsify/seeds/layers.2/seed0',
        'sparsify/skip/layers.1.mlp'
      ],
      ambiguous: ['deepseek/sae.pt'],
      refused: ['qwen-scope/renamed/layer20.sae.pt', 'refused/openai-identity.pt']
    })
    expect(found.ambiguous[0]?.formats).toEqual(['dictionary_learning', 'DeepSeek'])
    expect(found.refused[0]?.message).toContain('keeps the k largest activations')
  })

  it('takes shards for the model they are, not for SAEs', async () => {
    const root = join(FIXTURES, 'gradsae')
    const { models, saes, ambiguous } = below(root, await inspectFolders([root], quietTask()))
    expect(models).toContain('llama-sharded-biased')
    expect(saes.filter((path) => !/\/sae-[^/]+$/.test(path))).toEqual([])
    expect(ambiguous).toEqual([])
  })

  it('takes a dropped file for the SAE it is or belongs to, and says what another one holds', async () => {
    const file = join(SAES, 'goodfire/Llama-3.3-70B-Instruct-SAE-l50.pt')
    const belonging = join(SAES, 'sparsify/layers.3/sae.safetensors')
    const found = await inspectFolders(
      [file, belonging, join(SAES, 'sparsify/layers.3/cfg.json'), join(SAES, 'refused/training-state.pt')],
      quietTask()
    )
    expect(below(SAES, found)).toEqual({
      models: [],
      saes: ['goodfire/Llama-3.3-70B-Instruct-SAE-l50.pt', 'sparsify/layers.3'],
      ambiguous: [],
      refused: ['refused/training-state.pt']
    })
    expect(found.refused[0]?.message).toContain('it holds the tensors ae.bias, ae.encoder.weight')
  })

  it('follows no link to a folder, passes hidden ones over, and ends in a folder that links to itself', async () => {
    const root = await temporaryFolder()
    await mkdir(join(root, '.hidden'))
    await cp(join(SAES, 'sparsify/layers.3'), join(root, '.hidden/layers.3'), { recursive: true })
    await symlink(join(SAES, 'sparsify'), join(root, 'linked'))
    await symlink(root, join(root, 'itself'))
    expect(below(root, await inspectFolders([root], quietTask()))).toMatchObject({ saes: [], ambiguous: [], refused: [''] })
  })

  it('says what is missing in a folder that holds nothing, and that a path is gone', async () => {
    const root = await temporaryFolder()
    const { refused } = await inspectFolders([root, join(root, 'gone')], quietTask())
    expect(refused.map(({ message }) => message.replaceAll(root, 'ROOT'))).toEqual([
      'ROOT is not a model folder: config.json is missing.',
      'ROOT/gone does not exist.'
    ])
  })

  it('ends at its limits and says so; what it has found by then counts', async () => {
    const root = await temporaryFolder()
    await cp(join(SAES, 'goodfire'), join(root, 'a'), { recursive: true })
    for (let i = 0; i < 10; i++) await mkdir(join(root, `b${i}`))
    const found = await inspectFolders([root], quietTask(), { ...LIMITS, folders: 5 })
    expect(found.saes).toHaveLength(2)
    expect(found.refused[0]?.message).toContain('holds more than 5 folders or 5000 files that may be SAEs; the rest was not looked at')
    expect((await inspectFolders([root], quietTask(), { ...LIMITS, files: 1 })).saes).toHaveLength(1)
    expect(below(root, await inspectFolders([root], quietTask(), { ...LIMITS, depth: 0 }))).toMatchObject({ saes: [], refused: [''] })
  })

  it('goes through thousands of files by their names and headers within seconds, says how far it is, and can be cancelled', async () => {
    const root = await temporaryFolder()
    const sample = join(root, 'sample.txt')
    await writeFile(sample, new Uint8Array(2048))
    await mkdir(join(root, 'many'))
    const names = Array.from({ length: 3000 }, (_, i) => `many/${i}.${i % 3 === 0 ? 'pt' : i % 3 === 1 ? 'txt' : 'safetensors'}`)
    for (const name of names) await link(sample, join(root, name))
    const abort = new AbortController()
    const stages = new Set<string>()
    const begin = performance.now()
    await inspectFolders([root], { signal: abort.signal, progress: (stage) => stages.add(stage) })
    // 2000 headers at a millisecond each, with room for a busy machine.
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect([...stages]).toEqual(['Looking through folders'])
    const cancelled = inspectFolders([root], { signal: abort.signal, progress: () => abort.abort() })
    await expect(cancelled).rejects.toBeInstanceOf(Cancelled)
  })
})

it('the stamp of a file covers what describes it, and nothing else beside it', async () => {
  const root = await temporaryFolder()
  await cp(join(SAES, 'circuit-tracer/qwen'), root, { recursive: true })
  const file = join(root, 'layer_7.safetensors')
  const before = await folderStamp(file)
  await writeFile(join(root, 'layer_8.safetensors'), 'another')
  expect(await folderStamp(file)).toBe(before)
  await writeFile(join(root, 'wandb-config.yaml'), 'd_model:\n    value: 12\n')
  expect(await folderStamp(file)).not.toBe(before)
  expect(await folderStamp(join(root, 'gone.pt'))).toBe('')
})
