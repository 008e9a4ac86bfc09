import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { expansions } from '../../../src/main/autodiff/expansions'
import { families } from '../../../src/main/autodiff/rules'
import { gradientError, TOLERANCE } from '../../support/gradient-check'
import { randomFrom } from '../../support/random-numbers'
import { table } from './rule-rows'

const checks = table.flatMap(({ op: name, build, cases }, row) =>
  cases.map((inputs, index) => ({ name, build, inputs, seed: 1000 * row + index }))
)

test.each(checks)('$name agrees with finite differences (case $seed)', async ({ build, inputs, seed }) => {
  expect(await gradientError(build, inputs, randomFrom(seed))).toBeLessThan(TOLERANCE)
})

test('every rule and every expansion has a row in this table', () => {
  const listed = [...Object.values(families).flatMap((family) => Object.keys(family)), ...expansions.map((expansion) => expansion.op)]
  const tested = new Set(table.map((row) => row.op))
  expect(listed.filter((name) => !tested.has(name))).toEqual([])
})

test('every file of rules/ and expansions/ is in its list', () => {
  const files = (folder: string): string[] =>
    readdirSync(`src/main/autodiff/${folder}`)
      .filter((file) => file !== 'index.ts')
      .map((file) => file.replace('.ts', ''))
  expect(files('rules').sort()).toEqual(Object.keys(families).sort())
  expect(files('expansions').map(camel).sort()).toEqual(
    expansions
      .map((expansion) => expansion.op)
      .map(lowerFirst)
      .sort()
  )
})

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
