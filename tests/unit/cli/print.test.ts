import { expect, it } from 'vitest'
import { digits } from '../../../src/main/cli/print'

it.each([
  [0, 3, '0'],
  [0.012345, 3, '0.0123'],
  [99.96, 3, '100'],
  [1209.6, 3, '1210'],
  [123456, 4, '123456'],
  [1234567, 3, '1.23e+6'],
  [-0.00001234, 3, '-1.23e-5']
])('%d with %d significant digits is %s', (value, significant, text) => {
  expect(digits(value, significant)).toBe(text)
})
