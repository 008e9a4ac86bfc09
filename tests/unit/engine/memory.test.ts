import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkFits } from '../../../src/main/engine/memory'
import { createEngineHandlers } from '../../../src/main/engine/handlers'
import { layersMemory, modelMemory, openModel } from '../../../src/main/models'
import type { MachineMemory } from '../../../src/main/runtime/machine'
import { DEFAULT_SAE, DEFAULT_SAES } from '../../support/benches'
import { BUNDLED_MODELS, handlerTask } from '../../support/engine'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL } from '../../support/models'
import { WorkbenchError } from '../../../src/shared/errors'

const machine = (most: number): MachineMemory => ({ total: most, available: most, most })

it('refuses what does not fit even if the estimate is 15 % too high, and nothing else', () => {
  const parts = [
    { what: 'weights', bytes: 9e9 },
    { what: 'activations', bytes: 1e9 }
  ]
  expect(() => checkFits('The model large', parts, machine(8.5e9))).not.toThrow()
  expect(() => checkFits('The model large', parts, machine(8.4e9))).toThrow(
    'The model large needs about 10 GB of memory, but this machine can give 8.4 GB.'
  )
})

const rank = (most: number): Promise<unknown> =>
  Promise.resolve(
    createEngineHandlers({ bundledModels: BUNDLED_MODELS, labels: null, version: 'test', machine: () => machine(most) })[
      'attribution.rank'
    ](
      {
        model: DEFAULT_MODEL,
        sae: DEFAULT_SAE,
        hook: null,
        device: 'cpu',
        prompt: { ids: [5, 6, 7] },
        method: 'attribution',
        target: null,
        includeSpecial: true
      },
      handlerTask()
    )
  )

/** What refused, or null. */
const refusal = (most: number): Promise<unknown> =>
  rank(most).then(
    () => null,
    (error: unknown) => error
  )

it('a model with an SAE is refused before it is loaded where the machine is too small, with both sizes and the way out', async () => {
  const error = await refusal(100e6)
  expect(error).toBeInstanceOf(WorkbenchError)
  expect(error).toMatchObject({ code: 'MEMORY_TOO_SMALL' })
  expect(String(error)).toMatch(/The model storyteller .*needs about 1\d\d MB of memory, but this machine can give 100 MB\./)
})

it('the pair is refused where the model alone would fit', async () => {
  // The model cut at this hook point takes 159 MB, with its SAE 169; 15 % less of them are 136 and 143.
  expect(String(await refusal(140e6))).toMatch(/The model storyteller with the SAE blocks\.3\.hook_resid_post-topk-2048 needs about/)
})

it('the same pair is run where it fits', async () => {
  expect(await refusal(400e6)).toBeNull()
})

it('several layers are refused together, by what is held at the same time', async () => {
  const { 'attribution.layers': layers } = createEngineHandlers({
    bundledModels: BUNDLED_MODELS,
    labels: null,
    version: 'test',
    machine: () => machine(150e6)
  })
  const saes = [1, 3, 4].map((layer) => ({ sae: join(DEFAULT_SAES, `blocks.${layer}.hook_resid_post-topk-2048`), hook: null }))
  const input = { model: DEFAULT_MODEL, saes, device: 'cpu' as const, prompt: { ids: [5, 6, 7] }, target: null, includeSpecial: true }
  expect(await failureOf(() => layers(input, handlerTask()))).toMatch(
    /^The model storyteller with 3 SAEs needs about \d+ MB of memory, but this machine can give 150 MB\./
  )
})

it('going back further takes more, and no more than one copy of the matrices', async () => {
  const model = await openModel(DEFAULT_MODEL)
  const bytes = (hooks: string[]): number => layersMemory(model, hooks).reduce((sum, part) => sum + part.bytes, 0)
  const late = bytes(['blocks.4.hook_resid_post'])
  const early = bytes(['blocks.4.hook_resid_post', 'blocks.0.hook_resid_post'])
  expect(early).toBeGreaterThan(late)
  // Three sessions are loaded for one layer alone, one session for all of them.
  expect(early).toBeLessThan(modelMemory(model, 'blocks.0.hook_resid_post').reduce((sum, part) => sum + part.bytes, 0))
})
