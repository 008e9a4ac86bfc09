/** The one pass of all layers against PyTorch in float64 (tests/fixtures/make/architectures). */
import { describe, expect, it } from 'vitest'
import { createGradientSession } from '../../../src/main/attribution/gradient-session'
import { createLayersSession } from '../../../src/main/attribution/layers-session'
import { openModel, widthOf } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { EVERY_TINY_MODEL, largestGap, readTinyGolden, TINY_MODELS } from '../../support/models'
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

/** The same float32 sums in another order: share of the largest entry. */
const ORDER_BOUND = 1e-5

describe.each(named(TINY_MODELS))('with parts of %s frozen', (_, folder) => {
  it.each([
    { attention: true, norms: false },
    { attention: false, norms: true }
  ])('the gradients of one pass are those of the suffixes: $attention, $norms', async (frozen) => {
    const model = await openModel(folder)
    const { ids } = readTinyGolden(folder)
    const hooks = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']
    const terms = [
      { position: ids.length - 1, id: 7, weight: 1 },
      { position: 2, id: 9, weight: -1 },
      { position: 2, id: null, weight: 0.5 }
    ]
    const whole = await createLayersSession(openSession, model, { hooks, reads: [] }, { reading: 'log-probability', frozen }, 'cpu')
    const run = await whole.run({ ids, terms, chosenBy: 'user' })
    await whole.release()
    for (const hook of hooks) {
      const suffix = await createGradientSession(openSession, model, hook, { reading: 'log-probability', frozen, direct: false }, 'cpu')
      const values = run.values.get(hook) ?? new Float32Array()
      const placed = terms.map((term) => ({ ...term, row: 0 }))
      const alone = await suffix.run({ batch: 1, positions: ids.length, values, beside: null, terms: placed })
      await suffix.release()
      expect(alone.ids).toEqual(run.ids)
      const size = Math.max(...alone.gradient.map(Math.abs))
      expect(largestGap(run.gradients.get(hook) ?? [], alone.gradient)).toBeLessThan(ORDER_BOUND * size)
    }
  })
})
