import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CommandResult, OptionValues } from '../../../src/main/cli/command'
import { exportVector } from '../../../src/main/cli/commands/export-vector'
import { readGguf } from '../../../src/main/tensors/gguf'
import { readTensor } from '../../../src/main/tensors/read'
import { readSafetensors } from '../../../src/main/tensors/safetensors'
import { quietTask } from '../../../src/shared/task'
import { handlerTask, openEngine } from '../../support/engine'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { SAE_SPEC, writeSae } from '../../support/random-sae'
import { edit, recipeOf } from '../../support/vectors'

const [GPT2 = ''] = TINY_MODELS
const engine = openEngine()

const run = (values: OptionValues, cwd = '/nowhere'): Promise<CommandResult> =>
  exportVector.run(
    { device: 'cpu', ...values },
    { engine: () => engine, task: quietTask(), cwd, bundledModels: '/nowhere', resources: '/nowhere', scratch: '/nowhere', version: 'test' }
  )

/** A recipe on a tiny model with two SAEs, as the window exports it. */
let folder = ''
beforeEach(async () => {
  folder = await temporaryFolder()
  await writeSae(join(folder, 'own'), { ...SAE_SPEC, hook: 'blocks.1.hook_resid_post' })
  const other = await writeSae(join(folder, 'other'), { ...SAE_SPEC, hook: 'blocks.2.hook_resid_post', d_sae: 48 })
  const { hash } = await engine['sae.open']({ sae: other }, handlerTask())
  const saes = [{ name: 'other', path: other, hash, hook: null, reading: {} }]
  const recipe = recipeOf([edit({ latent: 3, coefficient: 2 }), edit({ latent: 4, coefficient: -1, sae: hash })], { saes })
  const bench = { model: GPT2, sae: join(folder, 'own'), hook: null, device: 'cpu' as const }
  await engine['steering.export']({ ...bench, recipe, format: 'json', path: join(folder, 'joy.json') }, handlerTask())
})

/** Row `latent` of W_dec as the file holds it. */
async function rowOf(sae: string, latent: number): Promise<Float32Array> {
  const file = await readSafetensors(join(folder, sae, 'sae_weights.safetensors'))
  return readTensor(file, 'W_dec', { start: latent * 24, count: 24 })
}

describe('export-vector', () => {
  it('finds model and SAEs where the recipe says they lie, and writes a control vector', async () => {
    const result = await run({ recipe: 'joy.json', format: 'gguf', out: 'joy.gguf' }, folder)
    expect(result.human).toContain('gguf of "joy – ☺"')
    expect(result.json).toMatchObject({ path: join(folder, 'joy.gguf'), format: 'gguf', recipe: 'joy – ☺' })
    const file = await readGguf(join(folder, 'joy.gguf'))
    expect(await readTensor(file, 'direction.1')).toEqual((await rowOf('own', 3)).map((number) => 2 * number))
    expect(await readTensor(file, 'direction.2')).toEqual((await rowOf('other', 4)).map((number) => -number))
  })

  it('takes folders that have moved, and knows by the hash which is which', async () => {
    for (const name of ['own', 'other']) await rename(join(folder, name), join(folder, `moved-${name}`))
    const names = { recipe: 'joy.json', format: 'safetensors', out: 'joy.safetensors' }
    expect(await failureOf(() => run(names, folder))).toMatch(
      /^The recipe "joy – ☺" edits latents of an SAE that is not at hand: .* \(sha256:.*\), last seen at .*\. Give the folder of that SAE \(--sae/
    )
    await run({ ...names, sae: ['moved-other', 'moved-own'] }, folder)
    const file = await readSafetensors(join(folder, 'joy.safetensors'))
    expect([...file.tensors.keys()]).toEqual(['direction.1', 'direction.2'])
    await writeSae(join(folder, 'foreign'), { ...SAE_SPEC, hook: 'blocks.1.hook_resid_post', d_sae: 72 })
    expect(await failureOf(() => run({ ...names, sae: ['foreign'] }, folder))).toContain(
      'foreign is none of the SAEs of the recipe "joy – ☺"'
    )
  })

  it('refuses an SAE that lies there now but is another', async () => {
    await rename(join(folder, 'own'), join(folder, 'gone'))
    await writeSae(join(folder, 'own'), { ...SAE_SPEC, hook: 'blocks.1.hook_resid_post', d_sae: 72 })
    expect(await failureOf(() => run({ recipe: 'joy.json', format: 'gguf', out: 'joy.gguf' }, folder))).toMatch(
      /own is not .* \(sha256:.*\) but sha256:/
    )
  })

  it('turns vectors of one format into another, for a model that is given', async () => {
    await run({ recipe: 'joy.json', format: 'gguf', out: 'joy.gguf' }, folder)
    expect(await failureOf(() => run({ recipe: 'joy.gguf', format: 'safetensors', out: 'again' }, folder))).toContain('--model is missing')
    await run({ recipe: 'joy.gguf', format: 'safetensors', out: 'again', model: GPT2 }, folder)
    const [before, after] = [await readGguf(join(folder, 'joy.gguf')), await readSafetensors(join(folder, 'again'))]
    expect(await readTensor(after, 'direction.2')).toEqual(await readTensor(before, 'direction.2'))
  })

  it('takes the latents of a recipe that names no SAE, as one written by hand, for those of the SAE that is given', async () => {
    const recipe = recipeOf([edit({ latent: 5, coefficient: 3 })])
    const file = { format: 'gradsae recipe', version: 1, workbench: '', model: { name: '', path: '', hash: '' }, sae: null, recipe }
    await writeFile(join(folder, 'hand.json'), JSON.stringify(file))
    const names = { recipe: 'hand.json', model: GPT2, format: 'safetensors', out: 'hand.safetensors' }
    await run({ ...names, sae: ['own'] }, folder)
    const written = await readSafetensors(join(folder, 'hand.safetensors'))
    expect(await readTensor(written, 'direction.1')).toEqual((await rowOf('own', 5)).map((number) => 3 * number))
    expect(await failureOf(() => run(names, folder))).toContain('it names none, and none is open')
    expect(await failureOf(() => run({ ...names, sae: ['own', 'other'] }, folder))).toContain('names no SAE, so --sae is given once')
  })

  it('refuses formats that it does not write', async () => {
    expect(await failureOf(() => run({ recipe: 'joy.json', format: 'npy', out: 'x' }, folder))).toContain(
      '--format is one of json, safetensors, gguf.'
    )
  })
})

describe('exporting', () => {
  it('refuses edits of SAEs that the recipe does not name, or of the bench where it has none', async () => {
    const bench = { model: GPT2, sae: null, hook: null, device: 'cpu' as const, format: 'gguf' as const, path: join(folder, 'x.gguf') }
    const of = (sae?: string): Promise<string> =>
      failureOf(() => engine['steering.export']({ ...bench, recipe: recipeOf([edit(sae === undefined ? {} : { sae })]) }, handlerTask()))
    expect(await of()).toContain('an SAE that is not at hand: it names none, and none is open')
    expect(await of('sha256:x')).toContain('none of its SAEs has the hash sha256:x')
  })
})
