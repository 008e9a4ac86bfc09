import { expect, it } from 'vitest'
import { answerShellCall, type ShellHandlers } from '../../../src/main/shell/dispatch'
import { fail } from '../../../src/shared/errors'

const none = { path: null }
const handlers: ShellHandlers<string> = {
  'app.info': (_input, window) => ({ name: window, version: '1', versions: {}, platform: 'linux', userData: '/u', bundledModels: '/m' }),
  'dialog.openProject': () => none,
  'dialog.saveProject': ({ name }) => ({ path: `/x/${name}` }),
  'dialog.openFolder': () => none,
  'dialog.openFile': () => none,
  'dialog.exportFile': () => none,
  'shell.openReport': ({ path }) => fail('FILE_UNREADABLE', { path, reason: 'it was not chosen in this window' }),
  'shell.showInFolder': () => ({}),
  'theme.set': () => JSON.parse('null'),
  'process.restart': () => ({}),
  'process.connect': () => ({})
}

it('answers with the output, for the window that asked', async () => {
  expect(await answerShellCall(handlers, 'app.info', {}, 'left')).toMatchObject({ ok: true, output: { name: 'left' } })
  expect(await answerShellCall(handlers, 'dialog.saveProject', { name: 'a' }, 'w')).toEqual({ ok: true, output: { path: '/x/a' } })
})

it.each([
  ['an unknown call', 'app.quit', {}, 'there is no such call'],
  ['a name that every object has', 'constructor', {}, 'there is no such call'],
  ['a name that is none', { toString: 1 }, {}, 'there is no such call'],
  ['an input that does not fit', 'dialog.saveProject', { name: 3 }, 'its input does not fit'],
  ['no input', 'dialog.saveProject', undefined, 'its input does not fit'],
  ['an output that does not fit', 'theme.set', { theme: 'dark' }, 'its output does not fit']
])('refuses %s', async (_what, name, input, reason) => {
  const answer = await answerShellCall(handlers, name, input, 'w')
  expect(answer).toMatchObject({ ok: false, error: { code: 'CALL_INVALID', message: expect.stringContaining(reason) } })
})

it('sends a failure as data', async () => {
  expect(await answerShellCall(handlers, 'shell.openReport', { path: '/etc/passwd' }, 'w')).toMatchObject({
    ok: false,
    error: { code: 'FILE_UNREADABLE', message: '/etc/passwd cannot be read: it was not chosen in this window.' }
  })
})
