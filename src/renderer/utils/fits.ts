/** Which SAE belongs to which model, as far as names and widths tell. Whether it describes it well is the preflight's to say. */
import type { ModelInfo, SaeInfo } from '../../shared/records/model'

/** Whether the pair can be used together; if not, why. */
export interface Fit {
  readonly fits: boolean
  readonly reason: string
}

const YES: Fit = { fits: true, reason: '' }

/** Numbers of one position at a hook point: n_heads d_head at hook_z, d_mlp at hook_post, d_model elsewhere. */
export function widthAt(model: ModelInfo, hook: string): number {
  if (hook.endsWith('.attn.hook_z')) return model.n_heads * model.d_head
  return hook.endsWith('.mlp.hook_post') ? model.d_mlp : model.d_model
}

/** `hook` stands in where the SAE's files name none. */
export function fitOf(model: ModelInfo, sae: SaeInfo, hook: string | null = null): Fit {
  const reads = sae.hook ?? hook
  const writes = sae.hookOut ?? reads
  const readable = sae.hookOut === null ? model.hookPoints : [...model.hookPoints, ...model.readPoints]
  if (reads !== null && !readable.includes(reads)) return no(`${model.name} has no hook point ${reads}`)
  if (writes !== null && !model.hookPoints.includes(writes)) return no(`${model.name} has no hook point ${writes}`)
  if (reads === null) {
    const widths = new Set(model.hookPoints.map((point) => widthAt(model, point)))
    return widths.has(sae.d_in) ? YES : no(`${model.name} is ${[...widths].sort((a, b) => a - b).join(' or ')} wide, the SAE ${sae.d_in}`)
  }
  if (widthAt(model, reads) !== sae.d_in) return no(`${model.name} is ${widthAt(model, reads)} wide at ${reads}, the SAE ${sae.d_in}`)
  if (writes !== null && widthAt(model, writes) !== sae.d_out)
    return no(`${model.name} is ${widthAt(model, writes)} wide at ${writes}, the SAE writes ${sae.d_out}`)
  return YES
}

function no(reason: string): Fit {
  return { fits: false, reason }
}
