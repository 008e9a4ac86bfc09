import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { placeWindow, readWindowState, writeWindowState } from '../../../src/main/shell/window-state'

const LAPTOP = { x: 0, y: 0, width: 1920, height: 1040 }
const SECOND = { x: 1920, y: 0, width: 2560, height: 1400 }
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradsae-window-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('opens where it was', () => {
  const wanted = { x: 2000, y: 50, width: 1600, height: 1000 }
  expect(placeWindow(wanted, [LAPTOP, SECOND])).toEqual(wanted)
})

it('comes back to the first screen when its screen is gone', () => {
  expect(placeWindow({ x: 2000, y: 50, width: 1600, height: 1000 }, [LAPTOP])).toEqual({ x: 240, y: 60, width: 1440, height: 920 })
})

it('is never smaller than the layout allows, nor larger than the screen', () => {
  expect(placeWindow({ x: 0, y: 0, width: 300, height: 200 }, [LAPTOP])).toMatchObject({ width: 1024, height: 700 })
  expect(placeWindow({ x: 0, y: 0, width: 2200, height: 1300 }, [LAPTOP])).toMatchObject({ width: 1920, height: 1040 })
})

it('remembers size and place', () => {
  const file = join(folder, 'deeper', 'window.json')
  const state = { bounds: { x: 1, y: 2, width: 1300, height: 800 }, maximized: true }
  writeWindowState(file, state)
  expect(readWindowState(file)).toEqual(state)
})

it.each([
  ['nothing', null],
  ['broken JSON', '{'],
  ['other JSON', '{"bounds":{"x":"left"},"maximized":true}']
])('takes %s for no memory', (_what, text) => {
  const file = join(folder, 'broken.json')
  if (text !== null) writeFileSync(file, text)
  expect(readWindowState(file)).toBeNull()
})
