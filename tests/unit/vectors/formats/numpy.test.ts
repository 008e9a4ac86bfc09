import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { numpy } from '../../../../src/main/vectors/formats/numpy'
import { temporaryFolder } from '../../../support/folder'
import { npyHeader, npyOf } from '../../../support/npy'
import { TRICKY } from '../../../support/vectors'

it('reads one vector, whose place is not known even where the file is called like one', async () => {
  const path = join(await temporaryFolder(), 'direction.3.npy')
  const bytes = npyOf(npyHeader('<f4', [1, 8]), Buffer.from(TRICKY.buffer))
  await writeFile(path, bytes)
  expect(numpy.matches(bytes)).toBe(true)
  expect(await numpy.read(path)).toEqual({
    kind: 'vectors',
    name: null,
    vectors: [{ name: 'direction.3', hook: null, vector: TRICKY }],
    editSpecial: true,
    model: null,
    notes: []
  })
})

it('refuses a matrix', async () => {
  const path = join(await temporaryFolder(), 'matrix.npy')
  await writeFile(path, npyOf(npyHeader('<f4', [2, 4]), Buffer.from(TRICKY.buffer)))
  await expect(numpy.read(path)).rejects.toMatchObject({
    code: 'VECTORS_INVALID',
    message: expect.stringContaining('[2, 4] is not one vector')
  })
})
