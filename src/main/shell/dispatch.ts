/** Answers shell calls: checks input and output against the contract, turns what is thrown into data. */
import { z } from 'zod'
import { shellCalls, type Output, type Parsed, type ShellCalls } from '../../shared/contract'
import type { ShellAnswer } from '../../shared/contract/shell'
import { fail, toWireError, WorkbenchError } from '../../shared/errors'

/** One function per shell call; `W` is what identifies the window that asks. */
export type ShellHandlers<W> = {
  [K in keyof ShellCalls]: (input: Parsed<ShellCalls[K]>, from: W) => Promise<Output<ShellCalls[K]>> | Output<ShellCalls[K]>
}

/** Runs the call `name` with `input` for the window `from`. Never rejects. */
export async function answerShellCall<W>(handlers: ShellHandlers<W>, name: unknown, input: unknown, from: W): Promise<ShellAnswer> {
  try {
    if (!isCall(name)) return refuse(name, 'there is no such call')
    const { input: takes, output: gives } = shellCalls[name]
    const given = parse(takes, input, name, 'its input')
    // The table pairs each handler with its call's schemas, and the input was parsed with them.
    const handler = handlers[name] as (input: unknown, from: W) => unknown
    return { ok: true, output: parse(gives, await handler(given, from), name, 'its output') }
  } catch (thrown) {
    return { ok: false, error: toWireError(thrown) }
  }
}

/** The answer to a call that is not even looked at. */
export function refuse(name: unknown, reason: string): ShellAnswer {
  const call = typeof name === 'string' ? name : typeof name
  return { ok: false, error: toWireError(new WorkbenchError('CALL_INVALID', { call, reason })) }
}

function isCall(name: unknown): name is keyof ShellCalls {
  return typeof name === 'string' && Object.hasOwn(shellCalls, name)
}

function parse(schema: z.ZodType, value: unknown, call: string, what: string): unknown {
  const parsed = schema.safeParse(value)
  if (!parsed.success) fail('CALL_INVALID', { call, reason: `${what} does not fit: ${z.prettifyError(parsed.error)}` })
  return parsed.data
}
