import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { json } from '../../../src/main/vectors/formats/json'
import { CoefficientUnit, InterventionMode } from '../../../src/shared/records/steering'
import { temporaryFolder } from '../../support/folder'

const DOCS = readFileSync(join(import.meta.dirname, '../../../docs/steering.md'), 'utf8')

it('the recipe of docs/steering.md can be imported', async () => {
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(DOCS) ?? []
  const path = join(await temporaryFolder(), 'example.json')
  await writeFile(path, example)
  expect(await json.read(path)).toMatchObject({ kind: 'recipe', recipe: { name: 'sadder' }, model: { name: 'storyteller' } })
})

it('docs/steering.md explains every mode and every unit', () => {
  for (const name of [...InterventionMode.options, ...CoefficientUnit.options]) expect(DOCS).toMatch(new RegExp(`^\\| .*\`${name}\``, 'm'))
})
