/** The method and its switches, for every command that attributes. What is not given is as the method's preset has it. */
import { fail } from '../../shared/errors'
import { Aggregation, AttributionSwitches, MethodName, Substitution, type Frozen, type PositionScope } from '../../shared/records/ranking'
import { TARGET, targetKind, targetPosition } from './target'
import type { OptionSpec, OptionValues } from './command'
import { number, text } from './options'

const FREEZABLE = ['attention', 'norms'] as const

export const SWITCHES: Record<string, OptionSpec> = {
  method: { type: 'string', value: 'NAME', help: `one of ${MethodName.options.join(', ')}; gradsae by default` },
  substitution: { type: 'string', value: 'NAME', help: `${Substitution.options.join(' or ')}; as the method has it by default` },
  aggregation: { type: 'string', value: 'NAME', help: `one of ${Aggregation.options.join(', ')}; as the method has it by default` },
  scope: { type: 'string', value: 'WHICH', help: 'positions that count: all, last, or FROM:TO counted from 0; all by default' },
  freeze: { type: 'string', value: 'NAMES', help: `what gradients do not flow through: ${FREEZABLE.join(',')} or one of them` },
  steps: { type: 'string', value: 'N', help: 'points of the path of integrated gradients, 16 by default' },
  seed: { type: 'string', value: 'N', help: 'seed of the random order, 0 by default' },
  'exclude-special': { type: 'boolean', help: 'leave BOS and other special tokens out of scores and ablations' },
  ...pick(TARGET, ['target-kind', 'position'])
}

/** --method with its switches, and --target-kind and --position. @throws USAGE */
export function switches(values: OptionValues): AttributionSwitches & { method: MethodName } {
  const asked = {
    substitution: choice(values, 'substitution', Substitution.options),
    aggregation: choice(values, 'aggregation', Aggregation.options),
    targetKind: targetKind(values),
    scope: scope(values),
    frozen: frozen(values),
    position: targetPosition(values) ?? undefined,
    steps: text(values, 'steps') === undefined ? undefined : number(values, 'steps', 16, { min: 1, max: 1000, integer: true }),
    seed: text(values, 'seed') === undefined ? undefined : number(values, 'seed', 0, { min: -(2 ** 31), max: 2 ** 31, integer: true })
  }
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  const parsed = AttributionSwitches.parse({ ...given, includeSpecial: values['exclude-special'] !== true })
  return { ...parsed, method: choice(values, 'method', MethodName.options) ?? 'gradsae' }
}

function choice<T extends string>(values: OptionValues, name: string, options: readonly T[]): T | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  return (
    options.find((option) => option === value) ?? fail('USAGE', { reason: `--${name} takes one of ${options.join(', ')}, not "${value}".` })
  )
}

function scope(values: OptionValues): PositionScope | undefined {
  const value = text(values, 'scope')
  if (value === undefined) return undefined
  if (value === 'all' || value === 'last') return { kind: value }
  const found = /^(\d{1,9}):(\d{1,9})$/.exec(value)
  const [from, to] = [Number(found?.[1]), Number(found?.[2])]
  if (!found || from > to) return fail('USAGE', { reason: `--scope takes all, last, or two positions such as 3:7, not "${value}".` })
  return { kind: 'range', from, to }
}

function frozen(values: OptionValues): Frozen | undefined {
  const value = text(values, 'freeze')
  if (value === undefined) return undefined
  const names = value.split(',')
  const wrong = names.find((name) => !FREEZABLE.some((known) => known === name))
  if (wrong !== undefined) fail('USAGE', { reason: `--freeze takes ${FREEZABLE.join(',')} or one of them, not "${wrong}".` })
  return { attention: names.includes('attention'), norms: names.includes('norms') }
}

/** The options of these names. */
export function pick(specs: Record<string, OptionSpec>, names: readonly string[]): Record<string, OptionSpec> {
  return Object.fromEntries(Object.entries(specs).filter(([name]) => names.includes(name)))
}
