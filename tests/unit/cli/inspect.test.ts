import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inspect } from '../../../src/main/cli/commands/inspect'
import { quietTask } from '../../../src/shared/task'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

const [GPT2 = ''] = TINY_MODELS

/** What every item of the output has. */
const Opened = z.object({
  name: z.string(),
  path: z.string(),
  dimensions: z.record(z.string(), z.number()),
  tensors: z.array(z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.number()) })).min(1),
  dtype: z.string(),
  hash: z.string().startsWith('sha256:'),
  memoryEstimate: z.object({ total: z.number().positive(), available: z.number().positive() }),
  warnings: z.array(z.string())
})
const Items = z.array(
  z.discriminatedUnion('kind', [
    Opened.extend({ kind: z.literal('model'), family: z.string(), hookPoints: z.array(z.string()) }),
    Opened.extend({ kind: z.literal('sae'), format: z.string(), hook: z.string().nullable() }),
    z.object({ kind: z.literal('ambiguous'), path: z.string(), warnings: z.array(z.string()) }),
    z.object({ kind: z.literal('refused'), path: z.string(), warnings: z.array(z.string()).min(1) })
  ])
)

async function inspected(...operands: string[]): Promise<{ items: z.infer<typeof Items>; human: string; failed: boolean | undefined }> {
  const context = {
    engine: () => expect.fail('the engine was asked for'),
    task: quietTask(),
    cwd: '/nowhere',
    bundledModels: '/nowhere',
    resources: '/nowhere',
    scratch: '/nowhere',
    version: 'test'
  }
  const { json, human, failed } = await inspect.run({ operands }, context)
  return { items: Items.parse(json), human, failed }
}

/** A model, an SAE and a damaged SAE, side by side. */
async function library(): Promise<string> {
  const root = await temporaryFolder()
  await cp(GPT2, join(root, 'a-model'), { recursive: true })
  await writeSae(join(root, 'b-sae'), { ...SAE_SPEC, architecture: 'topk' })
  await mkdir(join(root, 'c-damaged'))
  await writeFile(join(root, 'c-damaged/cfg.json'), '{"architecture": "standard"')
  await writeFile(join(root, 'c-damaged/sae_weights.safetensors'), 'nothing')
  return root
}

describe('inspect', () => {
  it('describes every model and SAE below a folder, and says of the rest why it cannot be used', async () => {
    const root = await library()
    const { items, failed } = await inspected(root)
    expect(failed).toBe(false)
    expect(items.map(({ kind, path }) => [kind, path])).toEqual([
      ['model', join(root, 'a-model')],
      ['sae', join(root, 'b-sae')],
      ['refused', join(root, 'c-damaged')]
    ])
    const [model, sae, refused] = items
    expect(model).toMatchObject({ family: 'gpt2', dtype: 'float32', dimensions: { d_model: 24, n_layers: 3, d_vocab: 56 } })
    expect(model).toHaveProperty('hookPoints', expect.arrayContaining(['blocks.1.hook_resid_mid', 'blocks.2.mlp.hook_post']))
    expect(model).toHaveProperty('tensors', expect.arrayContaining([{ name: 'transformer.wte.weight', dtype: 'float32', shape: [56, 24] }]))
    expect(sae).toMatchObject({ format: 'SAELens', hook: 'blocks.1.hook_resid_post', dimensions: { d_in: 24, d_sae: 96, k: 8 } })
    expect(refused?.warnings[0]).toContain('cfg.json')
  })

  it('takes several folders and shows each once', async () => {
    const root = await library()
    const { items, human } = await inspected(join(root, 'b-sae'), root, join(root, 'a-model'))
    expect(items.map(({ kind }) => kind)).toEqual(['sae', 'model', 'refused'])
    expect(human).toContain('d_model 24')
    expect(human).toContain('blocks.1.hook_resid_post')
  })

  it('fails, with the reasons as its output, where nothing can be used', async () => {
    const { items, failed } = await inspected(join(await library(), 'c-damaged'), '/nowhere/at/all')
    expect(failed).toBe(true)
    expect(items.map(({ kind }) => kind)).toEqual(['refused', 'refused'])
  })

  it('wants a folder', async () => {
    expect(await failureOf(() => inspected())).toContain('Name one or more folders to inspect.')
  })
})
