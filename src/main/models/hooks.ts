/** Names of hook points. One place in the model may have two names: after block i is before block i + 1. */
import { fail } from '../../shared/errors'
import type { Model, ModelConfig } from './types'

/**
 * The name under which a place is known inside: `blocks.{i}.hook_resid_pre` with i > 0 is `blocks.{i-1}.hook_resid_post`.
 * Other names are returned as they are.
 */
export function canonicalHook(hook: string): string {
  const before = /^blocks\.([1-9]\d*)\.hook_resid_pre$/.exec(hook)
  return before?.[1] === undefined ? hook : `blocks.${Number(before[1]) - 1}.hook_resid_post`
}

/** Layer of a hook point inside a block. */
export function layerOf(hook: string): number {
  const found = /^blocks\.(\d+)\./.exec(hook)
  return found?.[1] === undefined ? 0 : Number(found[1])
}

/** The hook point itself when the model can be cut there. @throws HOOK_UNKNOWN, listing the ones there are */
export function checkHook(model: Model, hook: string): string {
  const points = model.architecture.hookPoints(model.config, model.rawConfig)
  if (points.includes(hook)) return hook
  return fail('HOOK_UNKNOWN', { model: model.name, hook, supported: points.join(', ') })
}

/**
 * Where a hook point or read point lies in the forward pass: smaller comes first; two names of one place are equal. What is only read, the
 * input of an MLP, lies right before what that makes. @throws HOOK_UNKNOWN
 */
export function hookOrder(model: Model, hook: string): number {
  const points = model.architecture.hookPoints(model.config, model.rawConfig)
  const place = canonicalHook(checkReadable(model, hook))
  return points.includes(place) ? points.indexOf(place) : points.indexOf(`blocks.${layerOf(place)}.mlp.hook_post`) - 0.5
}

/** The places of a block whose MLP reads what its attention has added to, in forward order. */
const BLOCK = ['hook_resid_pre', 'attn.hook_z', 'hook_attn_out', 'hook_resid_mid', 'mlp.hook_post', 'hook_mlp_out', 'hook_resid_post']

/** Hook points of blocks in the usual order, attention before MLP. */
export function standardHooks({ n_layers }: ModelConfig): string[] {
  return inEveryBlock(n_layers, BLOCK)
}

/** Hook points of blocks whose attention and MLP read the same stream, side by side: there is nothing between the two. */
export function parallelHooks({ n_layers }: ModelConfig): string[] {
  return inEveryBlock(
    n_layers,
    BLOCK.filter((hook) => hook !== 'hook_resid_mid')
  )
}

/** Where a transcoder of an MLP may read: the norm before it without its gain, and the MLP's very input. */
export function mlpInputs({ n_layers }: ModelConfig): string[] {
  return inEveryBlock(n_layers, ['ln2.hook_normalized', 'mlp.hook_in'])
}

/** `blocks.{i}.{hook}` for every block and each of the places. */
export function inEveryBlock(n_layers: number, hooks: readonly string[]): string[] {
  return Array.from({ length: n_layers }, (_, layer) => hooks.map((hook) => `blocks.${layer}.${hook}`)).flat()
}

/** Whether a hook point lies off the residual stream, so that a cut there passes the stream beside its value. */
export function isOffStream(hook: string): boolean {
  return /\.(attn\.hook_z|hook_attn_out|mlp\.hook_post|hook_mlp_out)$/.test(hook)
}

/** Numbers of one position at a hook point or read point: n_heads d_head at hook_z, d_mlp at hook_post, d_model elsewhere. */
export function widthOf({ n_heads, d_head, d_mlp, d_model }: ModelConfig, hook: string): number {
  if (hook.endsWith('.attn.hook_z')) return n_heads * d_head
  return hook.endsWith('.mlp.hook_post') ? d_mlp : d_model
}

/** A hook point or read point the model has. @throws HOOK_UNKNOWN, listing the ones there are */
export function checkReadable(model: Model, hook: string): string {
  const { architecture, config, rawConfig } = model
  const points = [...architecture.hookPoints(config, rawConfig), ...architecture.readPoints(config, rawConfig)]
  if (points.includes(hook)) return hook
  return fail('HOOK_UNKNOWN', { model: model.name, hook, supported: points.join(', ') })
}
