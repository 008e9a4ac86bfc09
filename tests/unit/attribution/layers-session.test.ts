/** The one pass of all layers against PyTorch in float64 (tests/fixtures/make/architectures). */
import { describe, expect, it } from 'vitest'
import { createLayersSession } from '../../../src/main/attribution/layers-session'
import { openModel, widthOf } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { EVERY_TINY_MODEL, largestGap, readTinyGolden } from '../../support/models'
import { named } from '../../support/segments'

// The bounds of tests/pipeline/architectures.test.ts, whose golden numbers these are: float32 against float64 over three blocks.
const VALUE_BOUND = 1e-4
const NOTHING = { attention: false, norms: false }
/** Share of the gradient's largest entry. */
const SLOPE_BOUND = 3e-5

describe.each(named(EVERY_TINY_MODEL))('one pass through %s', (_, folder) => {
  it.each(['logit', 'probability'] as const)('yields the value and the gradient of the %s at every hook point at once', async (kind) => {
    const golden = readTinyGolden(folder)
    const model = await openModel(folder)
    const hooks = Object.keys(golden[kind].gradients)
    const reads = Object.keys(golden.reads)
    expect(hooks.length).toBeGreaterThan(10)
    const session = await createLayersSession(openSession, model, { hooks, reads }, { reading: kind, frozen: NOTHING }, 'cpu')
    try {
      const { ids, target } = golden
      const run = await session.run({ ids, terms: [{ position: ids.length - 1, id: target, weight: 1 }], chosenBy: 'user' })
      expect(Math.abs(run.value - golden[kind].value)).toBeLessThan(VALUE_BOUND)
      for (const hook of [...hooks, ...reads]) {
        const expected = (golden.hooks[hook] ?? golden.reads[hook] ?? []).flat()
        expect(expected).toHaveLength(ids.length * widthOf(model.config, hook))
        expect(largestGap(run.values.get(hook) ?? [], expected), hook).toBeLessThan(VALUE_BOUND)
      }
      for (const hook of hooks) {
        const expected = golden[kind].gradients[hook]?.flat() ?? []
        const size = Math.max(...expected.map(Math.abs))
        expect(largestGap(run.gradients.get(hook) ?? [], expected), hook).toBeLessThan(SLOPE_BOUND * size)
      }
    } finally {
      await session.release()
    }
  })
})
