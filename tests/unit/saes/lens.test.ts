import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { createLens } from '../../../src/main/saes/detail'
import { readSafetensors, readTensor } from '../../../src/main/tensors/safetensors'
import { EVERY_TINY_MODEL } from '../../support/models'
import { named } from '../../support/segments'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

// float64 here and float32 there: sums of under 30 products of numbers around 1, so 1e-5 is a hundred roundings.
it.each(named(EVERY_TINY_MODEL))(
  'the logit lens of %s is its unembedding times the final gain times the direction',
  async (name, folder) => {
    const model = await openModel(folder)
    const { d_model, d_vocab } = model.config
    const { unembed, gain, centre } = model.architecture.lens(model.config, model.rawConfig)
    const file = await readSafetensors(join(folder, 'model.safetensors'))
    const numbers = (name: string): Promise<Float32Array> => readTensor(file, model.weights.get(name)?.name ?? '')
    const [rows, gains] = [await numbers(unembed), await numbers(gain)]

    // Gemma's norms multiply by one more than what the file holds.
    const one = name.startsWith('tiny-gemma') ? 1 : 0
    const direction = Float32Array.from({ length: d_model }, (_, i) => Math.sin(3 * i + 1) + 0.2)
    const mean = centre ? sum([...direction]) / d_model : 0
    const effective = Array.from(direction, (value, i) => (value - mean) * ((gains[i] ?? 0) + one))
    const weights = Array.from({ length: d_vocab }, (_, id) => sum(effective.map((value, i) => value * (rows[id * d_model + i] ?? 0))))

    const lens = await createLens(openSession, model, 'cpu')
    const [seen] = await lens.look(direction)
    await lens.release()
    const order = weights.map((weight, id) => ({ weight, id })).sort((a, b) => b.weight - a.weight)
    expect(seen?.promoted.map(({ id }) => id)).toEqual(order.slice(0, 10).map(({ id }) => id))
    expect(seen?.suppressed[0]?.id).toBe(order.at(-1)?.id)
    for (const { id, weight } of seen?.promoted ?? []) expect(Math.abs(weight - (weights[id] ?? NaN))).toBeLessThan(1e-5)
  }
)
