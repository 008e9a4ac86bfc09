import { describe, expect, it } from 'vitest'
import type { CompiledEdit, CompiledRecipe, Subject } from '../../../src/main/steering/compile'
import { editHookValues, type Edited } from '../../../src/main/steering/edit'
import type { Cut } from '../../../src/main/steering/editor'
import { parseIntervention } from '../../../src/main/steering/interventions'
import type { Tensor } from '../../../src/main/runtime/types'
import type { Intervention } from '../../../src/shared/records/steering'

/**
 * A two-latent linear SAE on vectors of two numbers, small enough to compute by hand: activation i is max(0, x[i]); row 0 is (1, 0),
 * row 1 is (0, 2); decoded rows count 3 times; each position's factor is its first number.
 */
const rows = [Float32Array.of(1, 0), Float32Array.of(0, 2)]
const directions = { raw: new Map(rows.entries()), decoded: new Map(rows.map((row, latent) => [latent, row.map((x) => 3 * x)])) }

function cut(asked: number[] = []): Cut {
  return {
    hook: 'here',
    reads: [],
    saes: new Map([
      [
        '',
        {
          reads: null,
          directions,
          encode: (values, n) => {
            asked.push(n)
            const at = (row: number, index: number): number => values[row * 2 + index] ?? NaN
            return Promise.resolve({
              activation: (row, latent) => Math.max(0, at(row, latent)),
              largest: (row) => Math.max(0, at(row, 0), at(row, 1)),
              tokenScale: Float32Array.from({ length: n }, (_, row) => at(row, 0)),
              reconstruction: values.map((x) => x + 100)
            })
          }
        }
      ]
    ]),
    of: ({ edits, replaced }) => ({ edits, replaced, asked: edits.filter(({ condition }) => condition?.kind === 'activation') })
  }
}

function compiled(edit: Intervention, vector?: Float32Array): CompiledEdit {
  const subject: Subject = vector ? { kind: 'direction', vector } : { kind: 'latent', sae: '', latent: edit.latent }
  const { condition } = edit
  return { edit, hook: 'here', subject, condition: condition?.kind === 'activation' ? { ...condition, sae: '' } : (condition ?? null) }
}

const resid: Tensor<Float32Array> = { type: 'float32', dims: [1, 3, 2], data: Float32Array.of(1, 4, 2, -1, 3, 5) }
const recipe = (edits: readonly CompiledEdit[], keepError = true, editSpecial = true): CompiledRecipe => ({
  recipe: { id: 'r', name: 'r', interventions: edits.map(({ edit }) => edit), keepError, editSpecial },
  edits,
  replaced: keepError ? [] : [''],
  watchesToken: false,
  frozen: false
})
const edit = (text: string): CompiledEdit => compiled(parseIntervention(text))
/** What an SAE reads is what it writes. */
const hooked = (value: Tensor<Float32Array>, shared = false) => ({ value, inputs: [], shared })
/** The first token is special. */
const span = { first: 0, promptLength: 2, special: (_: number, offset: number) => offset === 0 }
const edited = (recipes: (CompiledRecipe | null)[], value = resid, at = cut(), where = span): Promise<Edited> =>
  editHookValues(
    at,
    hooked(value),
    recipes,
    where,
    recipes.map(() => new Map())
  )
const numbers = async (one: CompiledRecipe): Promise<number[]> => [...(await edited([one])).value.data]

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
    expect(await numbers(recipe(edits.map(edit)))).toEqual(expected)
  })

  it('writes the edited reconstruction at every position when the error is dropped, whatever the scope', async () => {
    expect(await numbers(recipe([edit('0:add:1:generated')], false))).toEqual([101, 104, 102, 99, 104, 105])
  })

  it('asks the SAE only for the positions it must know, all columns at once', async () => {
    const asked: number[] = []
    const batch: Tensor<Float32Array> = {
      type: 'float32',
      dims: [3, 3, 2],
      data: Float32Array.from([...resid.data, ...resid.data, ...resid.data])
    }
    const recipes = [null, recipe([edit('0:add:1:all')]), recipe([edit('0:ablate:0:generated')])]
    const { value } = await edited(recipes, batch, cut(asked))
    expect(asked).toEqual([1])
    expect([...value.data.subarray(0, 6)]).toEqual([...resid.data])
  })

  it('returns the very same values when nothing acts, and never changes what it was given', async () => {
    const before = [...resid.data]
    expect(await edited([null])).toEqual({ value: resid, sizes: null })
    expect((await edited([recipe([])])).value).toBe(resid)
    const late = { ...span, promptLength: 9 }
    expect((await edited([recipe([edit('0:add:1:generated')])], resid, cut(), late)).value).toBe(resid)
    await edited([recipe([edit('0:add:1:all')])])
    expect([...resid.data]).toEqual(before)
  })

  it.each([
    // Row 1 is (0, 2): of length 2, so a unit of it is (0, 1).
    { name: 'unit rows are as long as the coefficient', edits: ['1:add:10@unit-row'], expected: [1, 14, 2, 9, 3, 15] },
    { name: 'maxima count as they were noted', edits: ['1:add:2@max=3'], expected: [1, 16, 2, 11, 3, 17] },
    {
      name: 'shares of the residual stream go by its length at the position',
      edits: ['1:add:2@residual:0-0'],
      expected: [1, Math.fround(4 + 2 * Math.hypot(1, 4)), 2, -1, 3, 5]
    },
    { name: 'the largest activation is that of the position', edits: ['0:add:2@largest'], expected: [9, 4, 6, -1, 13, 5] },
    { name: 'set in units of the largest', edits: ['1:set:2@largest:0-0'], expected: [1, 4 + (8 - 4) * 6, 2, -1, 3, 5] },
    { name: 'clamp keeps an activation within its bounds', edits: ['1:clamp:1..3'], expected: [1, 4 - 6, 2, -1 + 2 * 6, 3, 5 - 2 * 3 * 6] },
    { name: 'project takes the part along the row out', edits: ['1:project:0'], expected: [1, 0, 2, 0, 3, 0] },
    { name: 'project multiplies the part along the row', edits: ['1:project:-1:prompt'], expected: [1, -4, 2, 1, 3, 5] },
    { name: 'cap leaves what is below it', edits: ['1:cap:4.5'], expected: [1, 4, 2, -1, 3, 4.5] },
    { name: 'cap and project come after what is added', edits: ['1:cap:1', '1:add:10'], expected: [1, 1, 2, 1, 3, 1] },
    { name: 'ranges hold both ends', edits: ['0:add:1:1-2'], expected: [1, 4, 3, -1, 4, 5] }
  ])('$name', async ({ edits, expected }) => {
    expect(await numbers(recipe(edits.map(edit)))).toEqual(expected)
  })

  it('edits along raw directions', async () => {
    const along = (text: string): CompiledEdit => compiled({ ...parseIntervention(text), direction: 'd' }, Float32Array.of(3, 4))
    expect(await numbers(recipe([along('0:add:5@unit-row:0-0')]))).toEqual([4, 8, 2, -1, 3, 5])
    // (1, 4) . (3, 4) / 25 = 19 / 25 of (3, 4).
    const [x = NaN, y = NaN] = await numbers(recipe([along('0:project:0:0-0')]))
    expect(x).toBeCloseTo(1 - (3 * 19) / 25, 6)
    expect(y).toBeCloseTo(4 - (4 * 19) / 25, 6)
  })

  it('acts only where its condition holds, read before anything is edited', async () => {
    const when = (is: 'above' | 'below'): CompiledEdit =>
      compiled({ ...parseIntervention('0:add:10'), condition: { kind: 'activation', latent: 1, is, bound: 3 } })
    expect(await numbers(recipe([when('above'), edit('1:ablate')]))).toEqual([11, 4 - 24, 2, -1, 13, 5 - 90])
    expect(await numbers(recipe([when('below')]))).toEqual([1, 4, 12, -1, 3, 5])
  })

  it('leaves special tokens alone where a recipe says so, and tells how much it changed', async () => {
    const { value, sizes } = await edited([recipe([edit('0:add:1')], true, false)])
    expect([...value.data]).toEqual([1, 4, 3, -1, 4, 5])
    expect([...(sizes ?? [])]).toEqual([0, 1 / Math.hypot(2, 1), 1 / Math.hypot(3, 5)].map(Math.fround))
  })
})
