import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/main/models/architectures'
import { frequenciesOf } from '../../../src/main/models/rope'

it('every file of architectures/ is listed', () => {
  const folder = join(import.meta.dirname, '../../../src/main/models/architectures')
  const files = readdirSync(folder).filter((file) => file !== 'index.ts')
  expect(files.map((file) => file.replace('.ts', '')).sort()).toEqual(ARCHITECTURES.map(({ family }) => family).sort())
})

it('no model_type is claimed twice', () => {
  const types = ARCHITECTURES.flatMap(({ modelTypes }) => modelTypes)
  expect(new Set(types).size).toBe(types.length)
})

it('the llama3 frequencies of Llama 3.1 8B keep 29 pairs, blend 6 and divide 29', () => {
  const scaling = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 }
  const plain = frequenciesOf({ d_head: 128, rope_theta: 500_000 }, 'config.json')
  const scaled = frequenciesOf({ d_head: 128, rope_theta: 500_000, rope_scaling: scaling }, 'config.json')
  const ratios = scaled.map((frequency, pair) => (plain[pair] ?? 0) / frequency)
  expect(ratios.filter((ratio) => ratio === 1)).toHaveLength(29)
  expect(ratios.filter((ratio) => Math.abs(ratio - 8) < 1e-9)).toHaveLength(29)
  expect(scaled.every((frequency, pair) => pair === 0 || frequency < (scaled[pair - 1] ?? 0))).toBe(true)
  expect(frequenciesOf({ d_head: 128, rope_theta: 1, rope_parameters: { ...scaling, rope_theta: 500_000 } }, 'config.json')).toEqual(scaled)
})
