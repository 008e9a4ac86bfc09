import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepPreflight, readPreflights } from '../../../src/main/storage/preflights'
import { temporaryFolder } from '../../support/folder'
import { samplePreflight } from '../../support/infos'

test('preflights are kept, and a newer one of the same files read the same way takes the older one’s place', async () => {
  const folder = await temporaryFolder()
  expect(await readPreflights(folder)).toEqual([])
  await keepPreflight(folder, samplePreflight())
  await keepPreflight(folder, samplePreflight({ reading: { centred: true }, fvu: 0.3 }))
  await keepPreflight(folder, samplePreflight({ fvu: 0.2 }))
  expect((await readPreflights(folder)).map(({ fvu, reading }) => [fvu, reading])).toEqual([
    [0.3, { centred: true }],
    [0.2, {}]
  ])
})

test('a damaged file is set aside and begun anew', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'preflights.json'), '{"preflights": [1]}')
  expect(await readPreflights(folder)).toEqual([])
  await keepPreflight(folder, samplePreflight())
  expect(await readPreflights(folder)).toHaveLength(1)
  expect((await readdir(folder)).sort()).toEqual(['preflights.json', 'preflights.json.damaged'])
})
