import { expect, it } from 'vitest'
import { browserPort } from '../../../../src/renderer/bridge/port'
import { createShellClient } from '../../../../src/renderer/bridge/shell'
import type { ShellAnswer, ShellBridge } from '../../../../src/shared/contract/shell'
import { WorkbenchError, toWireError } from '../../../../src/shared/errors'

function bridge(answer: ShellAnswer): ShellBridge & { asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    call(name, input) {
      asked.push([name, structuredClone(input)])
      return Promise.resolve(answer)
    },
    onEvent: () => undefined
  }
}

it('gives the output of a shell call, and sends what can be cloned even when the view holds a proxy', async () => {
  const shell = bridge({ ok: true, output: { path: '/x' } })
  expect(await createShellClient(shell).call('dialog.saveProject', new Proxy({ name: 'a' }, {}))).toEqual({ path: '/x' })
  expect(shell.asked).toEqual([['dialog.saveProject', { name: 'a' }]])
})

it('throws the error of a shell call with its code and remedy', async () => {
  const error = toWireError(new WorkbenchError('FILE_MISSING', { path: '/gone' }))
  await expect(createShellClient(bridge({ ok: false, error })).call('app.info', {})).rejects.toMatchObject({
    code: 'FILE_MISSING',
    message: '/gone does not exist.',
    fix: 'Check the path, or choose the folder again.'
  })
})

it('wraps a browser port, and tells its end when the shell says so', async () => {
  const { port1, port2 } = new MessageChannel()
  const port = browserPort(port1)
  const heard: unknown[] = []
  port.onMessage((message) => heard.push(message))
  port.onClose(() => heard.push('closed'))
  port2.postMessage('hello')
  await expect.poll(() => heard).toEqual(['hello'])
  port.end()
  expect(heard).toEqual(['hello', 'closed'])
  port2.close()
})
