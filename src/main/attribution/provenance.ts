/** What records state of where numbers come from: model, SAE, device, and the target with its terms. */
import { assert } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { Provenance, Ranking, RankingTarget } from '../../shared/records/ranking'
import { scoreOf } from '../models'
import type { Model } from '../models/types'
import type { Sae } from '../saes/types'
import type { Attributed } from './batch'
import type { Bench } from './bench'
import type { Checked } from './check'

/** What running the target's terms gave: of each its token and the logits it is read from, and the value of all. */
export interface ReadTarget {
  readonly ids: readonly number[]
  readonly logits: readonly Float32Array[]
  readonly value: number
}

/** The target of one prompt of a batch; see `describeTarget`. */
export const targetRecord = (model: Model, found: Attributed): RankingTarget => describeTarget(model, found.prepared, found)

/** The target with its value, and each of its terms with what the model gives it. */
export function describeTarget(
  model: Model,
  { target, plan }: Pick<Checked, 'target' | 'plan'>,
  { ids, logits, value }: ReadTarget
): RankingTarget {
  const terms = plan.terms.map(({ position, weight }, term) => {
    const { id, logit, probability } = scoreOf(logits[term] ?? new Float32Array(), ids[term] ?? -1)
    return { position, token: model.tokenizer.token(id), weight, logit, probability }
  })
  const [first] = terms
  assert(first, 'a target has a term')
  const texts = terms.map(({ token }) => token.text)
  const { token, logit, probability } = first
  return { ...token, kind: target.kind, value, probability, logit, chosenBy: plan.chosenBy, label: target.label(texts, plan.terms), terms }
}

/** Everything a record says of where it comes from, but the time it took. */
export function provenanceOf(
  { sessions, encoder, hook, versions }: Bench,
  devices: readonly { used: string }[],
  reading: SaeReading
): Omit<Ranking['provenance'], 'preflight' | 'milliseconds'> {
  const { model, requested } = sessions
  return { sae: saeProvenance(encoder.sae, reading), hook, ...runProvenance(model, requested, devices, versions) }
}

/** The same without an SAE. */
export function runProvenance(
  model: Model,
  requested: string,
  devices: readonly { used: string }[],
  versions: Readonly<Record<string, string>>
): Pick<Provenance, 'model' | 'device' | 'precision' | 'versions' | 'createdAt'> {
  return {
    model: { name: model.name, path: model.folder, hash: model.hash, family: model.architecture.family, precision: model.precision },
    device: { requested, used: [...new Set(devices.map(({ used }) => used))].join(' + ') },
    precision: 'float32',
    versions: { ...versions },
    createdAt: new Date().toISOString()
  }
}

export function saeProvenance({ name, path, hash, format, architecture, d_sae, notes }: Sae, reading: SaeReading): Provenance['sae'] {
  return { name, path, hash, format, architecture, d_sae, notes: [...notes], reading }
}
