import { expect, test } from 'vitest'
import { addDims, broadcastShapes, canonical, divideDims, multiplyDims, sizeOf, subtractDims } from '../../../src/main/graph/dims'

test.each([
  ['sums are sorted, whatever the order they were made in', addDims('seq', 'past'), 'past + seq'],
  ['equal terms are collected', addDims('n', addDims('n', 1)), '2*n + 1'],
  ['what cancels is a number again', subtractDims(addDims('past', 'seq'), 'past'), 'seq'],
  ['nothing left is zero', subtractDims('n', 'n'), 0],
  ['a negative constant is subtracted', addDims('seq', -1), 'seq - 1'],
  ['products distribute over sums', multiplyDims('batch', addDims('past', 'seq')), 'batch*past + batch*seq'],
  ['the elements of a shape multiply', sizeOf(['batch', 3, 'seq', 2]), '6*batch*seq'],
  ['a spelling becomes canonical', canonical('seq + past - 2'), 'past + seq - 2'],
  ['a part in parentheses is one symbol', addDims('(start of x)', subtractDims('n', '(start of x)')), 'n'],
  ['exact division divides every term', divideDims('6*batch*seq + 2*batch', '2*batch'), '3*seq + 1']
])('%s', (_, found, expected) => {
  expect(found).toBe(expected)
})

test('division that is not exact has no answer', () => {
  expect(divideDims('seq', 2)).toBeNull()
  expect(divideDims('seq', 'batch')).toBeNull()
})

test('only a literal 1 is stretched; different symbols never match', () => {
  expect(broadcastShapes(['n', 1, 4], ['m', 1], 'test')).toEqual(['n', 'm', 4])
  expect(() => broadcastShapes(['n'], ['m'], 'Add')).toThrow('Add: the shapes [n] and [m] broadcast')
  expect(() => broadcastShapes([2], [3], 'Add')).toThrow('Add: the shapes [2] and [3] broadcast')
})
