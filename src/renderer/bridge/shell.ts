import { plain } from '../../shared/client'
import type { Client, ShellCalls } from '../../shared/contract'
import type { ShellBridge } from '../../shared/contract/shell'
import { fromWireError } from '../../shared/errors'

/** Client of the calls that Electron's main process answers. They are short: no progress, no cancel. */
export function createShellClient(bridge: ShellBridge): Client<ShellCalls> {
  async function call(name: string, input: unknown): Promise<unknown> {
    const answer = await bridge.call(name, plain(input))
    if (!answer.ok) throw fromWireError(answer.error)
    return answer.output
  }
  // The main process checks inputs and outputs against the call's schemas.
  return { call: call as Client<ShellCalls>['call'] }
}
