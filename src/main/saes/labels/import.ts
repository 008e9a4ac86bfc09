/**
 * Importing labels: files or whole folders of any known layout, read as a stream into the label store. What does not parse refuses the
 * whole import; what cannot be tied to the SAE without a person's word is asked, and nothing is kept until the answer.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { ImportQuestion, LabelImport } from '../../../shared/records/latent'
import { breathe, type Task } from '../../../shared/task'
import type { LabelFormat } from '../label-formats/types'
import type { Sae } from '../types'
import { recognised, type LabelFile } from './files'
import { eachLine, FILE_BYTES } from './lines'
import { describeSource } from './open'
import { hasStatistics, whatIsWrong, type LabelRecord } from './record'
import { createSource, findSource, storeFolder, type SourceInfo, type SourceWriter } from './store'
import { earlierRecords } from './source'

/** More explanations of one latent than any producer makes. */
const MAX_PER_LATENT = 64
/** Labels are held in memory: no more than so many characters of them. */
const MAX_CHARACTERS = 2 ** 28
/** Different SAEs in one import. */
const MAX_FOUND = 4096
const LINES_BETWEEN_BREATHS = 500

export interface ImportRequest {
  /** The label store. */
  readonly root: string
  readonly sae: Sae
  /** A file or a folder, absolute. */
  readonly path: string
  /** A person has said that these labels are this SAE's. */
  readonly confirm: boolean
  /** Which of several sources found; null for the one that belongs, or the only one. */
  readonly take: string | null
}

/** Labels of one SAE among those that an import holds. */
interface Found {
  readonly format: LabelFormat
  readonly name: string
  readonly belongs: boolean | null
  explanations: number
  outside: number
  largest: number
}

/** What is written of the chosen one. */
interface Kept {
  readonly writer: SourceWriter
  readonly perLatent: Uint8Array
  readonly keys: Set<string>
  readonly labelled: Set<number>
  chosen: Found | null
  explanations: number
  statistics: number
  characters: number
}

/**
 * Attaches labels to an SAE, under its hash. Labels of a source that was imported before are added to it; the same explanation of the same
 * latent takes the place of the earlier one. Rejects with Cancelled; then, as after every refusal, the store is as it was.
 * @throws FILE_MISSING, FILE_UNREADABLE, LABEL_EXPORT_UNKNOWN, LABEL_EXPORT_INVALID, LABELS_FOREIGN, DISK_FULL, FILE_UNWRITABLE
 */
export async function importLabels(request: ImportRequest, task: Task): Promise<LabelImport> {
  const { root, sae, path } = request
  const { files, ignored } = await recognised(path, task)
  if (files.length === 0) fail('LABEL_EXPORT_UNKNOWN', { path })
  const folder = storeFolder(root, sae)
  const writer = await createSource(folder)
  try {
    const kept: Kept = {
      writer,
      perLatent: new Uint8Array(sae.d_sae),
      keys: new Set(),
      labelled: new Set(),
      chosen: null,
      explanations: 0,
      statistics: 0,
      characters: 0
    }
    const found = await readAll(files, request, kept, task)
    const { chosen } = kept
    if (chosen === null || saysNothing(kept, found)) return fail('LABEL_EXPORT_UNKNOWN', { path })
    const question = questionOf(chosen, found, request)
    if (question !== null) return { status: 'question', question }
    if (kept.explanations + kept.statistics === 0)
      fail('LABELS_FOREIGN', { path, largest: chosen.largest, sae: sae.name, d_sae: sae.d_sae })
    const source = await store(folder, chosen, kept, request, task)
    return {
      status: 'imported',
      source: describeSource({ info: source.info }, null),
      files: files.length,
      ignoredFiles: ignored,
      otherSources: found.size - 1,
      added: source.added
    }
  } finally {
    await writer.discard()
  }
}

/** Whether files that look like labels explain and measure nothing. */
function saysNothing({ explanations, statistics }: Kept, found: ReadonlyMap<string, Found>): boolean {
  return explanations + statistics === 0 && [...found.values()].every((source) => source.explanations + source.outside === 0)
}

async function readAll(files: readonly LabelFile[], request: ImportRequest, kept: Kept, task: Task): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  let lines = 0
  for (const [index, { path, format }] of files.entries()) {
    await breathe(task)
    task.progress('Reading labels', index, files.length)
    const refuse = (line: number, reason: string): never => fail('LABEL_EXPORT_INVALID', { path, line, reason })
    await eachLine(path, { lineBytes: format.lineBytes, fileBytes: FILE_BYTES }, refuse, async (text, { line }) => {
      if (++lines % LINES_BETWEEN_BREATHS === 0) await breathe(task)
      const { claim, records } = readLine(format, text, path, (reason) => refuse(line, reason))
      const source = sourceOf(found, format, claim, request.sae, () => refuse(line, `more than ${MAX_FOUND} SAEs are labelled there`))
      await choose(source, request, kept)
      for (const record of records) await keep(record, source, request.sae, kept, (reason) => refuse(line, reason))
    })
  }
  return found
}

function readLine(format: LabelFormat, text: string, path: string, refuse: (reason: string) => never): ReturnType<LabelFormat['read']> {
  try {
    return format.read(JSON.parse(text), path)
  } catch (error) {
    if (error instanceof z.ZodError) return refuse(whatIsWrong(error))
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function sourceOf(found: Map<string, Found>, format: LabelFormat, claim: string, sae: Sae, refuse: () => never): Found {
  const name = `${format.title} ${claim}`
  const known = found.get(name)
  if (known) return known
  if (found.size >= MAX_FOUND) refuse()
  const made: Found = { format, name, belongs: format.belongs(claim, sae), explanations: 0, outside: 0, largest: 0 }
  found.set(name, made)
  return made
}

/** The one asked for, or the one that belongs to the SAE, or the first. A better one drops what was written of another. */
async function choose(source: Found, { take }: ImportRequest, kept: Kept): Promise<void> {
  const rank = (candidate: Found | null): number => {
    if (candidate === null) return 0
    if (take !== null) return candidate.name === take ? 2 : 1
    return candidate.belongs === true ? 2 : 1
  }
  if (kept.chosen === source || rank(source) <= rank(kept.chosen)) return
  if (kept.chosen !== null) {
    await kept.writer.restart()
    kept.perLatent.fill(0)
    kept.keys.clear()
    kept.labelled.clear()
    kept.explanations = kept.statistics = kept.characters = 0
  }
  kept.chosen = source
}

async function keep(record: LabelRecord, source: Found, sae: Sae, kept: Kept, refuse: (reason: string) => never): Promise<void> {
  const { id, label } = record
  if (id >= sae.d_sae) {
    source.outside += 1
    source.largest = Math.max(source.largest, id)
    return
  }
  const explained = label && record.computed !== true
  if (explained) source.explanations += 1
  if (kept.chosen !== source) return
  const key = keyOf(record)
  if (kept.keys.has(key)) return
  kept.keys.add(key)
  if (label) {
    const count = (kept.perLatent[id] ?? 0) + 1
    if (count > MAX_PER_LATENT) refuse(`the latent ${id} has more than ${MAX_PER_LATENT} explanations`)
    kept.perLatent[id] = count
    kept.characters += label.length
    if (kept.characters > MAX_CHARACTERS) refuse(`the labels have more than ${MAX_CHARACTERS} characters`)
  }
  if (explained) {
    kept.explanations += 1
    kept.labelled.add(id)
  }
  if (hasStatistics(record)) kept.statistics += 1
  await kept.writer.write(record)
}

/** The same words about the same latent, made in the same way, are one explanation. */
function keyOf({ id, label, label_from }: LabelRecord): string {
  return `${id} ${label ?? ''}\n${label_from ?? ''}`
}

/** What a person has to say before the labels are kept; null when nothing is in doubt. */
function questionOf(chosen: Found, found: ReadonlyMap<string, Found>, { sae, confirm, take }: ImportRequest): ImportQuestion | null {
  const expected = sae.neuronpediaId
  const list = [...found.values()].map(({ name, explanations, outside }) => ({ name, explanations, outside }))
  const ask = (reason: ImportQuestion['reason'], text: string): ImportQuestion => ({ reason, text, expected, found: list })
  const named = take !== null && chosen.name === take
  if (chosen.belongs !== true && !named) {
    if (found.size > 1) return ask('several', `There are labels of ${found.size} SAEs. Which are those of ${sae.name}?`)
    if (!confirm && chosen.belongs === false)
      return ask(
        'other',
        `These labels are for ${chosen.name}, but ${sae.name} says that it is ${expected ?? 'another'}. Attach them all the same?`
      )
    if (!confirm) return ask('unnamed', `Nothing says that the labels of ${chosen.name} are for ${sae.name}. Are they?`)
  }
  if (take !== null && !named) return ask('several', `There are no labels called ${take}. Which are those of ${sae.name}?`)
  const inside = chosen.explanations > 0
  if (chosen.outside > 0 && inside && !confirm)
    return ask(
      'outside',
      `${chosen.outside} of these labels are for latents up to ${chosen.largest}, but ${sae.name} has ${sae.d_sae}. Attach the others?`
    )
  return null
}

async function store(
  folder: string,
  chosen: Found,
  kept: Kept,
  { sae, path }: ImportRequest,
  task: Task
): Promise<{ info: SourceInfo; added: number }> {
  const id = `${chosen.format.format}-${createHash('sha256').update(chosen.name).digest('hex').slice(0, 12)}`
  const earlier = await findSource(folder, id)
  const own = kept.explanations
  let repeated = 0
  if (earlier !== null) {
    await earlierRecords(folder, earlier, async (record) => {
      if (kept.keys.has(keyOf(record))) {
        if (record.label && record.computed !== true) repeated += 1
      } else if (record.id < sae.d_sae && (kept.perLatent[record.id] ?? 0) < MAX_PER_LATENT)
        await keep(record, chosen, sae, kept, () => fail('LABELS_FOREIGN'))
    })
  }
  await breathe(task)
  const info = await kept.writer.commit({
    id,
    format: chosen.format.format,
    name: chosen.name.trim(),
    from: path,
    added: new Date().toISOString(),
    binding: chosen.belongs === true ? 'matched' : 'confirmed',
    folded: chosen.format.folded,
    explanations: kept.explanations,
    latents: kept.labelled.size,
    statistics: kept.statistics,
    outside: chosen.outside
  })
  return { info, added: own - repeated }
}
