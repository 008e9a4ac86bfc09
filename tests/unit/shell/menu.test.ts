import { expect, it } from 'vitest'
import { MenuCommand } from '../../../src/shared/contract/shell'
import { menuTemplate } from '../../../src/main/shell/menu'

type Items = ReturnType<typeof menuTemplate>

const flat = (items: Items): Items => items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])

it('offers every command once', () => {
  const sent: string[] = []
  for (const item of flat(menuTemplate('linux', false, (command) => sent.push(command)))) {
    // The click of these items takes no arguments.
    const click = item.click as (() => void) | undefined
    click?.()
  }
  expect(sent.sort()).toEqual([...MenuCommand.options].sort())
})

it('gives no key to two items', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const keys = flat(menuTemplate(platform, true, () => undefined)).flatMap(({ accelerator }) =>
      accelerator == null ? [] : [accelerator]
    )
    expect(new Set(keys).size).toBe(keys.length)
  }
})

it('offers the inspector only in development', () => {
  const roles = (development: boolean) => flat(menuTemplate('linux', development, () => undefined)).map(({ role }) => role)
  expect(roles(true)).toContain('toggleDevTools')
  expect(roles(false)).not.toContain('toggleDevTools')
})
