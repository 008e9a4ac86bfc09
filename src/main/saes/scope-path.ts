/** What the path of an SAE in the Gemma Scope releases tells: hints only, since the files themselves do not say. */
import { sep } from 'node:path'

export interface ScopePath {
  readonly layer: number | null
  readonly part: 'res' | 'att' | 'mlp' | 'transcoder' | null
  readonly embedding: boolean
  /** average_l0_71 */
  readonly l0: number | null
  /** gemma-scope-2b-pt-res -> google/gemma-2-2b */
  readonly model: string | null
  /** The part of the path that was understood; null when nothing was. */
  readonly shown: string | null
}

const PARTS: readonly [RegExp, NonNullable<ScopePath['part']>][] = [
  [/(^|[-_])transcoders?(_all)?($|[-_])/, 'transcoder'],
  [/(^|[-_])(res|resid_post)(_all)?($|[-_])/, 'res'],
  [/(^|[-_])(att|attn_out)(_all)?($|[-_])/, 'att'],
  [/(^|[-_])(mlp|mlp_out)(_all)?($|[-_])/, 'mlp']
]

/** Folders from the release's own down to the file's. */
const DEPTH = 6

/** Reads the last folders of a path. */
export function scopePath(path: string): ScopePath {
  const folders = path.split(sep).slice(-DEPTH - 1, -1)
  const find = (pattern: RegExp): RegExpExecArray | null => folders.map((folder) => pattern.exec(folder)).find(Boolean) ?? null
  const layer = find(/(?:^|_)layer_(\d+)(?:_|$)/)
  const l0 = find(/average_l0_(\d+)/)
  const release = find(/gemma-scope-(2-)?(\d+[bm])-(pt|it)/)
  const embedding = folders.includes('embedding')
  const part = folders.flatMap((folder) => PARTS.find(([pattern]) => pattern.test(folder))?.[1] ?? []).at(0) ?? null
  const first = folders.findIndex((folder) => /gemma-scope|^layer_\d+|^embedding$/.test(folder))
  return {
    layer: layer ? Number(layer[1]) : null,
    part,
    embedding,
    l0: l0 ? Number(l0[1]) : null,
    model: release ? `google/gemma-${release[1] ? 3 : 2}-${release[2]}${modelEnding(release[1] !== undefined, release[3])}` : null,
    shown: first < 0 ? null : folders.slice(first).join('/')
  }
}

/** Gemma 2's base models have no ending, Gemma 3's are called -pt. */
function modelEnding(third: boolean, trained: string | undefined): string {
  if (trained === 'it') return '-it'
  return third ? '-pt' : ''
}
