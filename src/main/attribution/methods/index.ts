/** The list of methods, in the order of menus. A new method is one file, one line here, and its name in `MethodName` (shared/records/ranking.ts). */
import { assert } from '../../../shared/errors'
import type { MethodName } from '../../../shared/records/ranking'
import type { Method } from '../types'
import { attribution } from './attribution'
import { counterfactual } from './counterfactual'
import { directLogit } from './direct-logit'
import { exact } from './exact'
import { gradientAlone } from './gradient'
import { gradsae } from './gradsae'
import { integratedGradients } from './integrated-gradients'
import { maxActivation } from './max-activation'
import { meanActivation } from './mean-activation'
import { random } from './random'

export const METHODS: readonly Method[] = [
  gradsae,
  attribution,
  integratedGradients,
  counterfactual,
  directLogit,
  gradientAlone,
  meanActivation,
  maxActivation,
  exact,
  random
]

export function methodOf(name: MethodName): Method {
  const method = METHODS.find((candidate) => candidate.name === name)
  assert(method, `the method ${name} is listed`)
  return method
}
