import { describe, expect, it } from 'vitest'
import { editHookValues, type HookEditor } from '../../../src/main/steering/edit'
import { parseIntervention } from '../../../src/main/steering/interventions'
import type { Tensor } from '../../../src/main/runtime/types'
import type { Intervention, Recipe } from '../../../src/shared/records/steering'

/**
 * A two-latent linear SAE on vectors of two numbers, small enough to compute by hand: activation i is max(0, x[i]); row 0 is (1, 0),
 * row 1 is (0, 2); decoded rows count 3 times; each position's factor is its first number.
 */
const rows = [Float32Array.of(1, 0), Float32Array.of(0, 2)]
function editor(asked: number[] = []): HookEditor {
  return {
    directions: { raw: new Map(rows.entries()), decoded: new Map(rows.map((row, latent) => [latent, row.map((x) => 3 * x)])) },
    encode: (values) => {
      asked.push(values.dims[0] ?? 0)
      const at = (row: number, index: number): number => values.data[row * 2 + index] ?? NaN
      return Promise.resolve({
        activation: (row, latent) => Math.max(0, at(row, latent)),
        tokenScale: Float32Array.from({ length: values.dims[0] ?? 0 }, (_, row) => at(row, 0)),
        reconstruction: values.data.map((x) => x + 100)
      })
    }
  }
}

const resid: Tensor<Float32Array> = { type: 'float32', dims: [1, 3, 2], data: Float32Array.of(1, 4, 2, -1, 3, 5) }
const recipe = (interventions: Intervention[], keepError = true): Recipe => ({ id: 'r', name: 'r', interventions, keepError })
const edit = parseIntervention
/** What an SAE reads is what it writes. */
const hooked = (value: Tensor<Float32Array>, shared = false) => ({ value, input: value, shared })
const span = { first: 0, promptLength: 2 }

describe('edits at the hook point', () => {
  it.each([
    { name: 'add moves every position by the raw row', edits: ['1:add:10:all'], expected: [1, 24, 2, 19, 3, 25] },
    // activation 4 -> 5 at factor 1 and -1 -> (0 active) 5 at factor 2, 5 -> 5 at factor 3; decoded row is (0, 6).
    {
      name: 'set moves by the change of the activation, times factor and decoded row',
      edits: ['1:set:5:all'],
      expected: [1, 10, 2, 59, 3, 5]
    },
    {
      name: 'scale multiplies an activation and leaves an inactive latent alone',
      edits: ['1:scale:9:prompt'],
      expected: [1, 4 + 32 * 6, 2, -1, 3, 5]
    },
    { name: 'ablate takes the whole activation away', edits: ['1:ablate:0:generated'], expected: [1, 4, 2, -1, 3, 5 - 5 * 3 * 6] },
    {
      name: 'edits of one latent act in the order of the list',
      edits: ['1:set:4:last', '1:scale:2:last'],
      expected: [1, 4, 2, -1 + 8 * 2 * 6, 3, 5 + 3 * 3 * 6]
    },
    {
      name: 'the other order gives another result',
      edits: ['1:scale:2:last', '1:set:4:last'],
      expected: [1, 4, 2, -1 + 4 * 2 * 6, 3, 5 - 1 * 3 * 6]
    },
    {
      name: 'add does not touch the activation that set writes',
      edits: ['1:add:1:prompt', '1:set:4:prompt'],
      expected: [1, 6, 2, 1 + 4 * 2 * 6, 3, 5]
    }
  ])('$name', async ({ edits, expected }) => {
    const edited = await editHookValues(hooked(resid), [recipe(edits.map(edit))], span, editor())
    expect([...edited.data]).toEqual(expected)
  })

  it('writes the edited reconstruction at every position when the error is dropped, whatever the scope', async () => {
    const edited = await editHookValues(hooked(resid), [recipe([edit('0:add:1:generated')], false)], span, editor())
    expect([...edited.data]).toEqual([101, 104, 102, 99, 104, 105])
  })

  it('asks the SAE only for the positions it must know, all columns at once', async () => {
    const asked: number[] = []
    const batch: Tensor<Float32Array> = {
      type: 'float32',
      dims: [3, 3, 2],
      data: Float32Array.from([...resid.data, ...resid.data, ...resid.data])
    }
    const recipes = [null, recipe([edit('0:add:1:all')]), recipe([edit('0:ablate:0:generated')])]
    const edited = await editHookValues(hooked(batch), recipes, span, editor(asked))
    expect(asked).toEqual([1])
    expect([...edited.data.subarray(0, 6)]).toEqual([...resid.data])
  })

  it('returns the very same values when nothing acts, and never changes what it was given', async () => {
    const before = [...resid.data]
    expect(await editHookValues(hooked(resid), [null, recipe([])].slice(0, 1), span, null)).toBe(resid)
    expect(await editHookValues(hooked(resid), [recipe([edit('0:add:1:generated')])], { first: 0, promptLength: 9 }, editor())).toBe(resid)
    await editHookValues(hooked(resid), [recipe([edit('0:add:1:all')])], span, editor())
    expect([...resid.data]).toEqual(before)
  })
})
