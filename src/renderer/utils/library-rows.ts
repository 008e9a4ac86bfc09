/** The library's table: models and SAEs as rows of one kind. */
import type { ModelInfo, SaeInfo } from '../../shared/records/model'
import type { Verdict } from '../../shared/records/preflight'
import type { Astray } from '../stores/library'
import { formatBytes, formatCount } from './format'

export interface LibraryRow {
  readonly path: string
  readonly kind: 'model' | 'sae'
  readonly name: string
  /** Family of a model, format and architecture of an SAE. */
  readonly what: string
  /** Layers and width; latents and width. */
  readonly shape: string
  readonly precision: string
  readonly hook: string
  readonly bytes: number
  readonly memory: number | null
  readonly hash: string
  readonly state: 'present' | Astray['state']
  readonly verdict: Verdict | null
  /** Where it is, or that it came with the workbench. */
  readonly place: string
}

export interface Listed {
  readonly models: readonly ModelInfo[]
  readonly saes: readonly SaeInfo[]
  readonly astray: readonly Astray[]
  readonly isBundled: (path: string) => boolean
  /** Verdict of an SAE's preflight with the model at work. */
  readonly verdictOf: (sae: SaeInfo) => Verdict | null
}

/** Models first, then SAEs, each in the order of their names; entries whose files are astray stand where they did. */
export function libraryRows({ models, saes, astray, isBundled, verdictOf }: Listed): LibraryRow[] {
  const place = (path: string): string => (isBundled(path) ? 'ships with the workbench' : path)
  const lost = astray.flatMap(({ entry, state }) => {
    const info = entry.model ? modelRow(entry.model) : entry.sae ? saeRow(entry.sae, null) : unknownRow(entry.path, entry.kind)
    return [{ ...info, path: entry.path, place: entry.path, state }]
  })
  const rows = [
    ...models.map((model) => ({ ...modelRow(model), place: place(model.path) })),
    ...saes.map((sae) => ({ ...saeRow(sae, verdictOf(sae)), place: place(sae.path) })),
    ...lost
  ]
  return rows.sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name) || a.path.localeCompare(b.path))
}

function modelRow(model: ModelInfo): LibraryRow {
  const { path, name, family, n_layers, d_model, precision, bytes, hash } = model
  const shape = `${n_layers} × ${formatCount(d_model)}`
  const memory = model.memoryEstimate?.total ?? null
  return {
    path,
    kind: 'model',
    name,
    what: family,
    shape,
    precision,
    hook: '',
    bytes,
    memory,
    hash,
    state: 'present',
    verdict: null,
    place: path
  }
}

function saeRow(sae: SaeInfo, verdict: Verdict | null): LibraryRow {
  const { path, name, format, architecture, d_in, d_sae, k, bytes, hash } = sae
  const what = `${format} ${architecture}${k === null ? '' : `, k ${k}`}`
  const shape = `${formatCount(d_sae)} × ${formatCount(d_in)}`
  const hook = sae.hookOut === null ? (sae.hook ?? 'not named') : `${sae.hook ?? '?'} → ${sae.hookOut}`
  const memory = sae.memoryEstimate?.total ?? null
  return {
    path,
    kind: 'sae',
    name,
    what,
    shape,
    precision: sae.precision,
    hook,
    bytes,
    memory,
    hash,
    state: 'present',
    verdict,
    place: path
  }
}

function unknownRow(path: string, kind: 'model' | 'sae'): LibraryRow {
  const name = path.split(/[\\/]/).filter(Boolean).pop() ?? path
  return {
    path,
    kind,
    name,
    what: '',
    shape: '',
    precision: '',
    hook: '',
    bytes: 0,
    memory: null,
    hash: '',
    state: 'missing',
    verdict: null,
    place: path
  }
}

/** Words for sizes in the table: what the files take, and what running takes where it is known. */
export function sizeText({ bytes, memory }: Pick<LibraryRow, 'bytes' | 'memory'>): string {
  return memory === null ? formatBytes(bytes) : `${formatBytes(bytes)} · ${formatBytes(memory)}`
}
