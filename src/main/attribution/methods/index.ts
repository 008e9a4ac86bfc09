/** The list of methods. A new method is one file, one line here, and its name in `MethodName` (shared/records/ranking.ts). */
import { assert } from '../../../shared/errors'
import type { MethodName } from '../../../shared/records/ranking'
import type { Method } from '../types'
import { attribution } from './attribution'
import { gradsae } from './gradsae'

export const METHODS: readonly Method[] = [gradsae, attribution]

export function methodOf(name: MethodName): Method {
  const method = METHODS.find((candidate) => candidate.name === name)
  assert(method, `the method ${name} is listed`)
  return method
}
