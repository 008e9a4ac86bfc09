/** `inspect`: what models and SAEs lie at or below folders: sizes, hook points, tensors, hash, memory; and why the rest cannot be used. */
import { isAbsolute, resolve } from 'node:path'
import { fail } from '../../../shared/errors'
import type { MemoryEstimate } from '../../../shared/records/model'
import { visitFolders } from '../../engine/library'
import { modelInfo, openModel } from '../../models'
import type { WeightRef } from '../../models/types'
import { openSae, saeInfo } from '../../saes'
import type { Command } from '../command'
import { digits, table } from '../print'

interface Described {
  readonly path: string
  readonly warnings: readonly string[]
}

interface Tensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
}

/** What is the same for models and SAEs. */
interface Opened extends Described {
  readonly name: string
  readonly dimensions: Readonly<Record<string, number>>
  readonly tensors: readonly Tensor[]
  readonly dtype: string
  readonly bytes: number
  readonly hash: string
  /** Bytes with their parts; null where there is no estimate. */
  readonly memoryEstimate: MemoryEstimate | null
}

interface DescribedModel extends Opened {
  readonly kind: 'model'
  readonly family: string
  readonly hookPoints: readonly string[]
  readonly readPoints: readonly string[]
}

interface DescribedSae extends Opened {
  readonly kind: 'sae'
  readonly format: string
  readonly architecture: string
  readonly hook: string | null
  readonly hookOut: string | null
}

interface NotRead extends Described {
  readonly kind: 'ambiguous' | 'refused'
}

type Item = DescribedModel | DescribedSae | NotRead

export const inspect: Command = {
  name: 'inspect',
  summary: 'what models and SAEs folders hold, and why the rest cannot be used',
  operands: { value: 'DIR ...', help: 'folders or files; everything below a folder is looked at' },
  options: {},
  async run({ operands }, { cwd, task }) {
    const given = Array.isArray(operands) ? operands : []
    if (given.length === 0) fail('USAGE', { reason: 'Name one or more folders to inspect.' })
    const items: Item[] = []
    await visitFolders(
      given.map((path: string) => (isAbsolute(path) ? path : resolve(cwd, path))),
      async ({ path, kind, formats }) => {
        if (kind === 'model') items.push(await describeModel(path))
        else if (formats.length > 1) items.push(ambiguous(path, formats))
        else items.push(await describeSae(path))
      },
      ({ path, message, fix }) => items.push({ kind: 'refused', path, warnings: [`${message} ${fix}`] }),
      task
    )
    return { json: items, human: items.map(inWords).join('\n\n'), failed: items.every(({ kind }) => kind === 'refused') }
  }
}

async function describeModel(path: string): Promise<DescribedModel> {
  const model = await openModel(path)
  const { name, family, d_model, n_layers, n_heads, n_kv_heads, d_head, d_mlp, d_vocab, n_ctx, ...info } = modelInfo(model)
  const unused = model.extraTensors.length > 0 ? [`Tensors that are not used: ${model.extraTensors.join(', ')}.`] : []
  return {
    kind: 'model',
    path: info.path,
    name,
    family,
    dimensions: { d_model, n_layers, n_heads, n_kv_heads, d_head, d_mlp, d_vocab, n_ctx, parameters: info.parameters },
    hookPoints: info.hookPoints,
    readPoints: info.readPoints,
    tensors: tensorsOf(model.weights),
    dtype: info.precision,
    bytes: info.bytes,
    hash: info.hash,
    memoryEstimate: info.memoryEstimate,
    warnings: [...unused, ...tooLarge(info.memoryEstimate)]
  }
}

async function describeSae(path: string): Promise<DescribedSae> {
  const sae = await openSae(path)
  const { name, format, architecture, d_in, d_out, d_sae, k, hook, hookOut, ...info } = saeInfo(sae)
  const open = sae.openQuestions.map((question) => `Its files leave open: ${question}. The preflight settles it.`)
  return {
    kind: 'sae',
    path: info.path,
    name,
    format,
    architecture,
    dimensions: { d_in, d_out, d_sae, ...(k === null ? {} : { k }) },
    hook,
    hookOut,
    tensors: tensorsOf(sae.weights),
    dtype: info.precision,
    bytes: info.bytes,
    hash: info.hash,
    memoryEstimate: info.memoryEstimate,
    warnings: [...info.notes, ...open, ...tooLarge(info.memoryEstimate)]
  }
}

function ambiguous(path: string, formats: readonly string[]): NotRead {
  return {
    kind: 'ambiguous',
    path,
    warnings: [`Several formats would read it: ${formats.join(', ')}. Choose one: --reading '{"format": ...}'.`]
  }
}

/** As the files name and store them. */
function tensorsOf(weights: ReadonlyMap<string, WeightRef>): Tensor[] {
  return [...weights.values()].map(({ name, type, shape }) => ({ name, dtype: type, shape: [...shape] }))
}

function tooLarge(estimate: MemoryEstimate | null): string[] {
  if (estimate === null || estimate.total <= estimate.available) return []
  return [`It takes about ${megabytes(estimate.total)}; the machine has ${megabytes(estimate.available)} free.`]
}

function inWords(item: Item): string {
  if (!('hash' in item)) return [`${item.kind}  ${item.path}`, ...item.warnings].join('\n')
  const rows = [
    item.kind === 'model' ? ['family', item.family] : ['format', `${item.format}, ${item.architecture}`],
    [
      'dimensions',
      Object.entries(item.dimensions)
        .map(([name, size]) => `${name} ${size}`)
        .join(', ')
    ],
    item.kind === 'model'
      ? ['hook points', `${item.hookPoints.length}, ${item.hookPoints[0] ?? ''} to ${item.hookPoints[item.hookPoints.length - 1] ?? ''}`]
      : ['hook', `${item.hook ?? 'not named'}${item.hookOut === null ? '' : `, writes at ${item.hookOut}`}`],
    ['tensors', `${item.tensors.length}, ${item.dtype}, ${megabytes(item.bytes)}`],
    ['memory', item.memoryEstimate === null ? 'not estimated' : `about ${megabytes(item.memoryEstimate.total)}`],
    ['hash', item.hash],
    ...item.warnings.map((warning) => ['note', warning])
  ]
  return table([item.kind, item.name], [['path', item.path], ...rows])
}

const megabytes = (bytes: number): string => `${digits(bytes / 1e6, 3)} MB`
