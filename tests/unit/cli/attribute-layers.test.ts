import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { attributeLayers } from '../../../src/main/cli/commands/attribute-layers'
import type { CommandResult, OptionValues } from '../../../src/main/cli/command'
import { quietTask } from '../../../src/shared/task'
import { openEngine } from '../../support/engine'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

const [GPT2 = ''] = TINY_MODELS
const engine = openEngine()
const Output = z.strictObject({
  target: z.looseObject({ id: z.number(), kind: z.string(), label: z.string(), chosenBy: z.string() }),
  formula: z.string(),
  aggregation: z.string(),
  includeSpecial: z.boolean(),
  tokens: z.array(z.strictObject({ id: z.number(), text: z.string() })),
  top: z.array(z.strictObject({ id: z.number(), text: z.string(), logit: z.number(), probability: z.number() })),
  layers: z.array(
    z.strictObject({
      hook: z.string(),
      sae: z.looseObject({ name: z.string(), hash: z.string() }),
      active: z.number(),
      latents: z.array(z.looseObject({ latent: z.number(), score: z.number() })),
      byPosition: z.array(z.number()),
      identity: z.strictObject({ total: z.number(), latents: z.number(), decoderBias: z.number(), error: z.number() }),
      fvu: z.number(),
      l0: z.number()
    })
  ),
  warnings: z.array(z.string()),
  provenance: z.looseObject({ milliseconds: z.number() })
})

const run = (values: OptionValues, cwd = '/nowhere'): Promise<CommandResult> =>
  attributeLayers.run(
    { model: GPT2, device: 'cpu', tokens: '1,9,14,3,7', ...values },
    {
      engine: () => engine,
      task: quietTask(),
      cwd,
      bundledModels: '/nowhere',
      resources: '/nowhere',
      scratch: '/nowhere',
      version: 'test'
    }
  )

const sae = (folder: string, hook: string | null): Promise<string> => writeSae(folder, { ...SAE_SPEC, hook })

describe('attribute-layers', () => {
  it('ranks the SAEs named, each with the best of its latents', async () => {
    const folder = await temporaryFolder()
    await sae(join(folder, 'second'), 'blocks.2.hook_resid_post')
    await sae(join(folder, 'first'), 'blocks.0.hook_resid_post')
    const result = await run(
      { sae: ['second', join(folder, 'first')], top: '3', 'target-kind': 'probability', aggregation: 'mean' },
      folder
    )
    const { layers, target, aggregation } = Output.parse(result.json)
    expect(layers.map(({ hook, latents }) => [hook, latents.length])).toEqual([
      ['blocks.0.hook_resid_post', 3],
      ['blocks.2.hook_resid_post', 3]
    ])
    expect(layers[0]?.active).toBeGreaterThan(3)
    expect(layers[0]?.byPosition).toHaveLength(5)
    expect([target.kind, target.chosenBy, aggregation]).toEqual(['probability', 'greedy', 'mean'])
    expect(result.human).toMatch(/^probability of .* 2 layers in .* s\n/)
    expect(result.human).toContain('blocks.2.hook_resid_post (second): ')
  })

  it('takes every SAE below a folder that fits, once, and says why the others are left out', async () => {
    const folder = await temporaryFolder()
    const good = await sae(join(folder, 'a', 'good'), 'blocks.0.hook_resid_post')
    await sae(join(folder, 'b', 'nameless'), null)
    await writeSae(join(folder, 'b', 'wide'), { ...SAE_SPEC, d_in: 32 })
    await mkdir(join(folder, 'c'))
    await cp(GPT2, join(folder, 'c', 'model'), { recursive: true })
    const result = await run({ all: folder, sae: [good] })
    expect(Output.parse(result.json).layers.map(({ sae: found }) => found.name)).toEqual(['good'])
    expect(result.notes).toEqual([
      `${join(folder, 'b', 'nameless')} is left out: The SAE in ${join(folder, 'b', 'nameless')} does not name its hook point.`,
      `${join(folder, 'b', 'wide')} is left out: The SAE wide reads vectors of 32 numbers, but blocks.1.hook_resid_post of tiny-gpt2 has 24.`
    ])
    await mkdir(join(folder, 'd'))
    await writeSae(join(folder, 'd', 'wide'), { ...SAE_SPEC, d_in: 32 })
    expect(await failureOf(() => run({ all: 'd' }, folder))).toContain(`No SAE below ${join(folder, 'd')} fits the model.`)
  })

  it('takes hook points beside the SAEs', async () => {
    const folder = await temporaryFolder()
    const saes = [await sae(join(folder, 'one'), null), await sae(join(folder, 'two'), 'blocks.1.hook_resid_post')]
    const result = await run({ sae: saes, hook: ['blocks.0.hook_resid_mid', '-'] })
    expect(Output.parse(result.json).layers.map(({ hook }) => hook)).toEqual(['blocks.0.hook_resid_mid', 'blocks.1.hook_resid_post'])
    expect(await failureOf(() => run({ sae: saes, hook: ['-'] }))).toContain('There are 1 --hook for 2 --sae; give one for each')
  })

  it('refuses to run on nothing', async () => {
    expect(await failureOf(() => run({}))).toContain('Name the SAEs: --sae DIR for each, or --all DIR.')
  })
})
