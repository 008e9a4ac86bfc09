import { expect, it } from 'vitest'
import { checkFits } from '../../../src/main/engine/memory'
import { createEngineHandlers } from '../../../src/main/engine/handlers'
import type { MachineMemory } from '../../../src/main/runtime/machine'
import { DEFAULT_SAE } from '../../support/benches'
import { BUNDLED_MODELS, handlerTask } from '../../support/engine'
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
  // The model in one piece takes some 140 MB, cut in three with its SAE some 180; 15 % less of that is still more than 145.
  expect(String(await refusal(145e6))).toMatch(/The model storyteller with the SAE blocks\.3\.hook_resid_post-topk-2048 needs about/)
})

it('the same pair is run where it fits', async () => {
  expect(await refusal(400e6)).toBeNull()
})
