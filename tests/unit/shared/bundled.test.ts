import { describe, expect, test } from 'vitest'
import { resolveBundled, toBundled } from '../../../src/shared/bundled'

describe('paths of bundled models', () => {
  test.each([
    ['/app/models/storyteller/model', '/app/models', 'bundled:storyteller/model'],
    ['/app/models/storyteller/model', '/app/models/', 'bundled:storyteller/model'],
    ['C:\\app\\models\\storyteller\\model', 'C:\\app\\models', 'bundled:storyteller/model']
  ])('%s is stored without the place of the app', (path, models, stored) => {
    expect(toBundled(path, models)).toBe(stored)
    expect(resolveBundled(stored, '/elsewhere/models')).toBe('/elsewhere/models/storyteller/model')
  })

  test.each(['/home/me/models/gpt2', '/app/models-of-mine/a', 'relative/folder'])('%s is a path of its own', (path) => {
    expect(toBundled(path, '/app/models')).toBe(path)
    expect(resolveBundled(path, '/app/models')).toBe(path)
  })

  test('cannot climb out of the folder', () => {
    expect(resolveBundled('bundled:../../etc', '/app/models')).toBe('bundled:../../etc')
  })
})
