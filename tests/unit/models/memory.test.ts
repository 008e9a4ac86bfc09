/** The arithmetic of the estimate; that it agrees with what is measured is checked in tests/pipeline/memory.test.ts and the bench. */
import { describe, expect, it } from 'vitest'
import { modelMemory, openModel, plainMemory } from '../../../src/main/models'
import type { Model, WeightRef } from '../../../src/main/models/types'
import { DEFAULT_MODEL } from '../../support/models'

const model = await openModel(DEFAULT_MODEL)
const { config } = model
const float32 = (ref: WeightRef | undefined): number => 4 * (ref?.shape ?? [0]).reduce((product, size) => product * size, 1)
const bytesWhere = (keep: (name: string, ref: WeightRef) => boolean): number =>
  [...model.weights].filter(([name, ref]) => keep(name, ref)).reduce((sum, [, ref]) => sum + float32(ref), 0)
const inLayers = (first: number, last: number) => (name: string) => {
  const layer = /\.(\d+)\./.exec(name)?.[1]
  return layer !== undefined && Number(layer) >= first && Number(layer) <= last
}
const partOf = (parts: readonly { what: string; bytes: number }[], what: RegExp): number =>
  parts.filter((part) => what.test(part.what)).reduce((sum, { bytes }) => sum + bytes, 0)

/** The same model as if its weights were stored as float32. */
const whole: Model = {
  ...model,
  precision: 'float32',
  weights: new Map([...model.weights].map(([name, ref]) => [name, { ...ref, type: 'float32', length: float32(ref) }]))
}

describe('memory of the default model (float16, tied)', () => {
  const hook = 'blocks.3.hook_resid_pre'
  const parts = modelMemory(model, hook)
  const unembed = model.weights.get(model.architecture.lens(config, model.rawConfig).unembed)

  it('has every weight before the hook point once as float32, the embedding with them', () => {
    expect(partOf(parts, /up to blocks/)).toBe(bytesWhere(inLayers(0, 2)) + float32(unembed))
  })

  it('has every weight after it once more, the tied unembedding and the final norm with them', () => {
    const norm = bytesWhere((name) => !/\.\d+\./.test(name)) - float32(unembed)
    expect(partOf(parts, /on$/)).toBe(bytesWhere(inLayers(3, config.n_layers - 1)) + norm + float32(unembed))
  })

  it('has the matrices after it twice more for the gradient, which multiplies by their transposes, and the unembedding to take rows of', () => {
    const forward = partOf(parts, /on$/)
    const matrices = bytesWhere((name, ref) => inLayers(3, config.n_layers - 1)(name) && ref.shape.length === 2)
    expect(partOf(parts, /gradient/)).toBe(forward + matrices + float32(unembed))
  })

  it('names the hook point, and what is cast', () => {
    expect(parts.map(({ what }) => what)).toContain(`weights as float32 (stored as float16), up to ${hook}`)
  })

  it('has of an embedding stored as float32 only the rows that are read, where the file is mapped', () => {
    expect(partOf(modelMemory(whole, hook), /up to blocks/)).toBeLessThanOrEqual(partOf(parts, /up to blocks/))
    const far = { ...whole, weights: new Map([...whole.weights].map(([name, ref]) => [name, ref === whole.weights.get(unembedName()) ? large(ref) : ref])) }
    expect(partOf(modelMemory(far, hook), /up to blocks/)).toBe(bytesWhere(inLayers(0, 2)) + 128 * 64 * 1024)
  })

  it('takes the middle of the model where no hook point is given, or one that the model does not have', () => {
    expect(modelMemory(model)).toEqual(modelMemory(model, `blocks.${Math.floor(config.n_layers / 2)}.hook_resid_pre`))
    expect(modelMemory(model, 'blocks.99.hook_resid_pre')).toEqual(modelMemory(model))
  })

  it('grows with the prompt by its activations alone', () => {
    const longer = modelMemory(model, hook, 256)
    const fixed = longer.filter(({ what }) => !what.includes('activations'))
    expect(fixed).toEqual(parts.filter(({ what }) => !what.includes('activations')))
    expect(partOf(longer, /activations/)).toBeGreaterThan(2 * partOf(parts, /activations/))
  })

  it('is less for a model that is run in one piece', () => {
    const sum = (all: readonly { bytes: number }[]): number => all.reduce((total, { bytes }) => total + bytes, 0)
    expect(sum(plainMemory(model))).toBeLessThan(sum(parts))
    expect(partOf(plainMemory(model), /^weights as/)).toBe(bytesWhere(() => true))
  })
})

function unembedName(): string {
  return model.architecture.lens(config, model.rawConfig).unembed
}

/** As if the file held a hundred times as much. */
function large(ref: WeightRef): WeightRef {
  return { ...ref, length: 100 * ref.length }
}
