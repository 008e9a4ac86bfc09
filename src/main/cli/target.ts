/** Options that say what is explained, for every command that attributes. */
import { fail } from '../../shared/errors'
import { TargetKind, type TargetInput, type TokenChoice } from '../../shared/records/ranking'
import type { OptionSpec, OptionValues } from './command'
import { number, text } from './options'

export const TARGET: Record<string, OptionSpec> = {
  'target-kind': { type: 'string', value: 'NAME', help: `${TargetKind.options.join(', ')}; as the method has it by default` },
  target: { type: 'string', multiple: true, value: 'TEXT', help: 'the token to explain; the greedy next token by default' },
  'target-id': { type: 'string', multiple: true, value: 'ID', help: 'the same as a token id' },
  against: {
    type: 'string',
    multiple: true,
    value: 'TEXT',
    help: 'logit-difference: a token on the other side; --target and --against may be repeated'
  },
  'against-id': { type: 'string', multiple: true, value: 'ID', help: 'the same as a token id' },
  continuation: { type: 'string', value: 'TEXT', help: 'continuation: the text that follows the prompt' },
  span: {
    type: 'string',
    value: 'FROM:TO',
    help: "cross-entropy: which of the prompt's tokens are predicted, counted from 0; from 1 to the last by default"
  },
  position: { type: 'string', value: 'N', help: 'the position whose next token is explained, counted from 0; the last by default' }
}

/** --target-kind, or undefined where the method decides. @throws USAGE */
export function targetKind(values: OptionValues): TargetKind | undefined {
  const value = text(values, 'target-kind')
  if (value === undefined) return undefined
  const parsed = TargetKind.safeParse(value)
  return parsed.success
    ? parsed.data
    : fail('USAGE', { reason: `There is no target "${value}"; there are ${TargetKind.options.join(', ')}.` })
}

/** --position, or null for the last one. @throws USAGE */
export function targetPosition(values: OptionValues): number | null {
  const position = number(values, 'position', -1, { min: 0, max: 2 ** 31, integer: true })
  return position < 0 ? null : position
}

/** What is asked for in the words of the command line; null leaves it to the model. Whether it fits the kind, the target says. @throws USAGE */
export function target(values: OptionValues): TargetInput {
  const plus = tokens(values, 'target')
  const minus = tokens(values, 'against')
  const continuation = text(values, 'continuation')
  const span = text(values, 'span')
  const ways = [plus.length + minus.length > 0, continuation !== undefined, span !== undefined].filter(Boolean).length
  if (ways > 1) fail('USAGE', { reason: 'Give --target, --continuation or --span, not several of them.' })
  if (continuation !== undefined) return { continuation: { text: continuation } }
  if (span !== undefined) return spanOf(span)
  if (minus.length > 0) return { plus, minus }
  if (plus.length > 1) fail('USAGE', { reason: 'Give --target or --target-id once; several need --against, too.' })
  return plus[0] ?? null
}

function tokens(values: OptionValues, name: 'target' | 'against'): TokenChoice[] {
  return [...listOf(values[name]).map((typed) => ({ text: typed })), ...listOf(values[`${name}-id`]).map((id) => ({ id: idOf(name, id) }))]
}

function idOf(name: string, value: string): number {
  return number({ [`${name}-id`]: value }, `${name}-id`, 0, { min: 0, max: 2 ** 31, integer: true })
}

function spanOf(value: string): TargetInput {
  const found = /^(\d{1,9}):(\d{1,9})$/.exec(value)
  if (!found) return fail('USAGE', { reason: `--span takes two positions such as 3:7, not "${value}".` })
  return { from: Number(found[1]), to: Number(found[2]) }
}

/** The values of an option that may be repeated. */
export const listOf = (value: OptionValues[string]): readonly string[] => (typeof value === 'object' ? value : [])
