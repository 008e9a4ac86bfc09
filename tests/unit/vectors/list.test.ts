import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FORMATS } from '../../../src/main/vectors/formats'
import { VectorFormat } from '../../../src/shared/contract/steering'

it('every file of formats/ is listed, and every format of the contract is written', () => {
  const files = readdirSync(join(import.meta.dirname, '../../../src/main/vectors/formats')).filter((file) => file !== 'index.ts')
  expect(FORMATS.map(({ format }) => format).sort()).toEqual(files.map((file) => file.replace('.ts', '')).sort())
  expect(FORMATS.flatMap(({ format, write }) => (write === null ? [] : [format])).sort()).toEqual([...VectorFormat.options].sort())
})
