import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { METHODS } from '../../../src/main/attribution/methods'
import { TARGETS } from '../../../src/main/attribution/targets'
import { MethodName, TargetKind } from '../../../src/shared/records/ranking'

const filesOf = (folder: string): string[] =>
  readdirSync(join(import.meta.dirname, '../../../src/main/attribution', folder))
    .filter((file) => file !== 'index.ts')
    .map((file) => file.replace('.ts', ''))
    .sort()

it('every file of methods/ is listed, and every name of the contract has a method', () => {
  expect(METHODS.map(({ name }) => name).sort()).toEqual(filesOf('methods'))
  expect([...MethodName.options].sort()).toEqual(filesOf('methods'))
})

it('every file of targets/ is listed, and every name of the contract has a target', () => {
  expect(TARGETS.map(({ kind }) => kind).sort()).toEqual(filesOf('targets'))
  expect([...TargetKind.options].sort()).toEqual(filesOf('targets'))
})
