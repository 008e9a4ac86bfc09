/** One source of labels, opened: explanations in memory, everything else read again when it is asked for. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { fail } from '../../../shared/errors'
import { checkFile } from '../../tensors/files'
import type { Sae } from '../types'
import { eachLine, FILE_BYTES, LINE_BYTES, readPlace, type Place } from './lines'
import { hasStatistics, LabelLine, LabelRecord, whatIsWrong } from './record'
import type { SourceInfo } from './store'

/** Labels beside an SAE's weights. */
export const LABELS_FILE = 'latents.jsonl'
/** Id of the source that lies there. */
export const OWN_SOURCE = 'own'

/** One explanation of one latent. */
export interface Explanation {
  readonly label: string
  /** Who or what made it, in words. */
  readonly source: string
  /** Which source of labels holds it. */
  readonly sourceId: string
  readonly score: number | null
  readonly created: string | null
  /** Written by a person. */
  readonly user: boolean
  /** Made here from text, without anybody's words. */
  readonly computed: boolean
}

export interface OpenedSource {
  readonly id: string
  readonly name: string
  readonly folded: boolean
  /** By latent, in the order of the file. */
  readonly explanations: ReadonlyMap<number, readonly Explanation[]>
  /** What the source measured of one latent; null when it says nothing. @throws FILE_MISSING, FILE_UNREADABLE, LABELS_INVALID */
  statistics(latent: number): Promise<LabelRecord | null>
}

/** The file of labels beside an SAE's weights; null where there is none. Of several SAEs in one folder it would be anybody's. */
export function ownLabels({ path, folder }: Pick<Sae, 'path' | 'folder'>): string | null {
  const labels = join(folder, LABELS_FILE)
  return path === folder && existsSync(labels) ? labels : null
}

/** The labels beside an SAE's weights, one line for each latent; null where there is no file. @throws FILE_UNREADABLE, LABELS_INVALID */
export async function openOwn(sae: Sae): Promise<OpenedSource | null> {
  const path = ownLabels(sae)
  if (path === null) return null
  await checkFile(path)
  const seen = new Set<number>()
  return read(path, sae, { id: OWN_SOURCE, name: '', folded: false, computed: false }, (id, line) => {
    if (seen.has(id)) invalid(path, line, `the latent ${id} occurs twice`)
    seen.add(id)
  })
}

/** A source of the label store. @throws FILE_MISSING, FILE_UNREADABLE, LABELS_INVALID */
export async function openStored(folder: string, info: SourceInfo, sae: Sae): Promise<OpenedSource> {
  const { id, name, folded } = info
  return read(join(folder, info.data), sae, { id, name, folded, computed: info.binding === 'computed' }, () => undefined)
}

/** Every record of a stored source, in order. @throws FILE_MISSING, FILE_UNREADABLE, LABELS_INVALID */
export async function earlierRecords(folder: string, { data }: SourceInfo, visit: (record: LabelRecord) => Promise<void>): Promise<void> {
  const path = join(folder, data)
  const refuse = (line: number, reason: string): never => invalid(path, line, reason)
  await eachLine(path, { lineBytes: LINE_BYTES, fileBytes: FILE_BYTES }, refuse, (text, { line }) =>
    visit(parseLine(LabelRecord, text, path, line))
  )
}

type About = Pick<OpenedSource, 'id' | 'name' | 'folded'> & { readonly computed: boolean }

async function read(path: string, sae: Sae, about: About, visit: (latent: number, line: number) => void): Promise<OpenedSource> {
  const explanations = new Map<number, Explanation[]>()
  const places = new Map<number, Place[]>()
  const names = new Map<string, string>()
  const refuse = (line: number, reason: string): never => invalid(path, line, reason)
  await eachLine(path, { lineBytes: LINE_BYTES, fileBytes: FILE_BYTES }, refuse, (text, place) => {
    const { id, label, label_from, score, created, user, computed } = parseLine(LabelLine, text, path, place.line)
    if (id >= sae.d_sae) invalid(path, place.line, `there is no latent ${id}: they are numbered 0 to ${sae.d_sae - 1}`)
    visit(id, place.line)
    add(places, id, place)
    if (!label) return
    const how = label_from ?? ''
    const source = names.get(how) ?? sourceInWords(about.name, how)
    names.set(how, source)
    add(explanations, id, {
      label,
      source,
      sourceId: about.id,
      score: score ?? null,
      created: created ?? null,
      user: user ?? false,
      computed: about.computed || (computed ?? false)
    })
  })
  return {
    id: about.id,
    name: about.name,
    folded: about.folded,
    explanations,
    async statistics(latent) {
      const records: LabelRecord[] = []
      for (const place of places.get(latent) ?? []) {
        const text = (await readPlace(path, place)) ?? invalid(path, place.line, 'the file has become shorter')
        records.push(parseLine(LabelRecord, text, path, place.line))
      }
      // What was imported last stands first.
      return records.find(hasStatistics) ?? null
    }
  }
}

/** Beside the weights a label names only how it was made; elsewhere the source's name comes first. */
function sourceInWords(name: string, how: string): string {
  if (name === '' || how === '') return name + how
  return how.startsWith(name) ? how : `${name} (${how})`
}

function add<T>(lists: Map<number, T[]>, key: number, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function parseLine<T extends z.ZodType>(schema: T, text: string, path: string, line: number): z.output<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return invalid(path, line, error instanceof Error ? error.message : String(error))
  }
  const parsed = schema.safeParse(value)
  return parsed.success ? parsed.data : invalid(path, line, whatIsWrong(parsed.error))
}

function invalid(path: string, line: number, reason: string): never {
  return fail('LABELS_INVALID', { path, line, reason })
}
