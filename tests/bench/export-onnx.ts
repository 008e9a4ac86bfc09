/**
 * A model as `@huggingface/transformers` expects it: onnx/model.onnx with the inputs and outputs of Optimum's exports, by our own graph.
 * So both sides decode with the same nodes and the same weights, and what differs is the decoding.
 */
import { copyFile, link, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { addInput, addOutput } from '../../src/main/graph/create'
import * as op from '../../src/main/graph/ops'
import { prune } from '../../src/main/graph/prune'
import { serialise } from '../../src/main/graph/serialise'
import type { Graph, Value } from '../../src/main/graph/types'
import { buildSegment, openModel } from '../../src/main/models'
import type { Model } from '../../src/main/models/types'

/** Writes the model of `folder` to `target`, the weights as a link to its own file or a copy. */
export async function exportForTransformers(folder: string, target: string): Promise<void> {
  const model = await openModel(folder)
  await mkdir(join(target, 'onnx'), { recursive: true })
  const graph = optimumGraph(model)
  const files = [...graph.initializers.values()].flatMap((initializer) => ('external' in initializer ? [initializer.external.file] : []))
  for (const file of new Set(files)) {
    const [from, to] = [join(folder, file), join(target, 'onnx', basename(file))]
    // Another file system may lie between them, where nothing can be linked.
    await link(from, to).catch(() => copyFile(from, to))
  }
  await writeFile(join(target, 'onnx', 'model.onnx'), serialise(graph))
  // Without an end of the text, so that every run writes as many tokens.
  await writeFile(join(target, 'config.json'), JSON.stringify({ ...model.rawConfig, eos_token_id: null, pad_token_id: 0 }))
}

/**
 * input_ids, attention_mask, position_ids int64 [batch, seq] (the mask [batch, past + seq], unused: nothing is padded here) and
 * past_key_values.{l}.key / .value -> logits [batch, seq, d_vocab] and present.{l}.key / .value.
 */
function optimumGraph(model: Model): Graph {
  const { graph, layers } = buildSegment(model, { from: 'tokens', to: 'logits', cache: true })
  const renamed = new Map<string, string>([['tokens', 'input_ids']])
  for (const layer of layers) for (const part of ['key', 'value']) renamed.set(`past_${part}.${layer}`, `past_key_values.${layer}.${part}`)
  const positionIds: Value = { name: 'position_ids', type: 'int64', shape: ['batch', 'seq'] }
  const head: Graph = { ...graph, inputs: [], nodes: [], outputs: new Map() }
  addInput(head, 'attention_mask', 'int64', ['batch', 'past + seq'])
  head.inputs.push(positionIds)
  // All rows are at the same places, and logits of every position are wanted, as Optimum's exports have them.
  const positions = op.reshape(head, op.slice(head, positionIds, 0, 0, 1), ['seq'])
  const select = op.iota(head, op.dimOf(head, positions, 0), 'seq')
  const replaced = new Map<string, Value>([
    ['positions', positions],
    ['select', select]
  ])
  for (const input of graph.inputs) {
    const name = renamed.get(input.name)
    if (name !== undefined) head.inputs.push({ ...input, name })
    if (name !== undefined) replaced.set(input.name, { ...input, name })
  }
  const keys = replaced.get(`past_key.${layers[0] ?? 0}`)
  if (keys) replaced.set('past_positions', op.iota(head, op.dimOf(head, keys, 2), 'past'))
  const other = (value: Value): Value => replaced.get(value.name) ?? value
  for (const node of graph.nodes) head.nodes.push({ ...node, inputs: node.inputs.map((value) => value && other(value)) })
  for (const [name, value] of graph.outputs) {
    const [, part, layer] = /^new_(key|value)\.(\d+)$/.exec(name) ?? []
    const past = part === undefined ? undefined : replaced.get(`past_${part}.${layer ?? ''}`)
    // Theirs is a cache that is handed out whole.
    if (past === undefined) addOutput(head, name, other(value))
    else addOutput(head, `present.${layer ?? ''}.${part ?? ''}`, op.concat(head, [past, other(value)], 2))
  }
  // transformers.js asks a session for these inputs, used or not.
  const pruned = prune(head)
  return { ...pruned, inputs: head.inputs }
}
