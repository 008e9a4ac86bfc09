/** A few hundred hostile files of each kind; `npm run fuzz` runs any number of them under supervision. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { prepareTarget, runCase, type Originals } from '../../hostile/run'
import { TARGETS } from '../../hostile/targets'
import { temporaryFolder } from '../../support/folder'

const COUNT = 120
const SEED = 1

it.each(TARGETS.map((target) => [target.name, target] as const))(
  '%s: each ends in a refusal or a correct read, and nothing is written',
  async (_, target) => {
    const folder = await temporaryFolder()
    prepareTarget(target, folder)
    const listing = (): string[] => readdirSync(folder, { recursive: true }).map(String).sort()
    const before = listing()
    const originals: Originals = new Map()
    let read = 0
    for (let number = 0; number < COUNT; number++) {
      const outcome = await runCase(target, SEED, number, folder, originals).catch((error: unknown) => {
        throw new Error(`case ${number}`, { cause: error })
      })
      if (outcome === 'read') read++
    }
    // Both must happen, or the cases are too gentle or too wild to say anything.
    expect(COUNT - read).toBeGreaterThan(COUNT / 20)
    expect(read).toBeGreaterThan(COUNT / 50)
    expect(listing()).toEqual(before)
    expect(existsSync(join(process.cwd(), 'executed'))).toBe(false)
  }
)
