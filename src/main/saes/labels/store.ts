/**
 * Labels that do not lie beside an SAE's weights: imported or computed, kept in a folder of the workbench's own, for nothing is ever
 * written into a user's folders.
 *
 *   {root}/{hash of the SAE}/{id}.json             one source: what it is, and the name of its data file
 *   {root}/{hash of the SAE}/{id}.{random}.jsonl   its records (record.ts), several for one latent where there are several explanations
 *
 * A source exists exactly when its .json does, and that is written last and renamed into place: an import that fails, is cancelled or is
 * killed leaves at most a data file that nothing names, which the next change sweeps away.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { failToWrite } from '../../tensors/files'
import { writeWhole } from '../../tensors/whole-file'
import type { Sae } from '../types'
import { whatIsWrong, type LabelRecord } from './record'

/** Unnamed data files younger than this may belong to an import that is under way in another process. */
const STRAY_MILLISECONDS = 3_600_000
const FLUSH_CHARACTERS = 2 ** 20

const SourceInfo = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[\w-]{1,80}$/),
  /** The layout it came in, or "computed". */
  format: z.string(),
  /** Shown to people: the producer and what it says it labelled. */
  name: z.string(),
  /** What was imported, or the text that was read. */
  from: z.string(),
  /** ISO 8601. */
  added: z.string(),
  /** How it was tied to the SAE: by its own id, or by a person's word. */
  binding: z.enum(['matched', 'confirmed', 'computed']),
  folded: z.boolean(),
  explanations: z.number().int(),
  latents: z.number().int(),
  statistics: z.number().int(),
  /** Records left out because the SAE has no such latent. */
  outside: z.number().int(),
  data: z.string().regex(/^[\w.-]{1,200}$/),
  bytes: z.number().int()
})
export type SourceInfo = z.infer<typeof SourceInfo>

/** A source, or why one cannot be read. */
export type StoredSource = { readonly info: SourceInfo } | { readonly id: string; readonly damaged: string }

/** Folder of one SAE's labels, by its hash. */
export function storeFolder(root: string, { hash }: Pick<Sae, 'hash'>): string {
  return join(root, hash.replace(/[^\w]+/g, '-'))
}

/** Every source of a folder, the oldest first; none where the folder does not exist. A damaged one is listed with the reason. */
export async function listSources(folder: string): Promise<StoredSource[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  const sources = await Promise.all(names.sort().map((name) => readSource(folder, name.slice(0, -'.json'.length))))
  const added = (source: StoredSource): string => ('info' in source ? source.info.added : '')
  return sources.sort((a, b) => (added(a) < added(b) ? -1 : added(a) > added(b) ? 1 : 0))
}

async function readSource(folder: string, id: string): Promise<StoredSource> {
  try {
    const parsed = SourceInfo.safeParse(JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8')))
    if (!parsed.success) return { id, damaged: whatIsWrong(parsed.error) }
    const { size } = await stat(join(folder, parsed.data.data))
    return size === parsed.data.bytes ? { info: parsed.data } : { id, damaged: `its data has ${size} bytes, not ${parsed.data.bytes}` }
  } catch (error) {
    return { id, damaged: error instanceof Error ? error.message : String(error) }
  }
}

/** The source called `id`, or null. */
export async function findSource(folder: string, id: string): Promise<SourceInfo | null> {
  const found = (await listSources(folder)).find((source) => 'info' in source && source.info.id === id)
  return found && 'info' in found ? found.info : null
}

/** Removes a source, or what is left of one. False where there was none. @throws FILE_UNWRITABLE */
export async function removeSource(folder: string, id: string): Promise<boolean> {
  const path = join(folder, `${id}.json`)
  const there = (await listSources(folder)).some((source) => ('info' in source ? source.info.id : source.id) === id)
  if (!there) return false
  await rm(path, { force: true }).catch((error: unknown) => failToWrite(path, error))
  await sweep(folder, 0, `${id}.`)
  return true
}

/** Records on their way into the store. */
export interface SourceWriter {
  write(record: LabelRecord): Promise<void>
  /** Forgets what was written so far. */
  restart(): Promise<void>
  /** Makes what was written the source `info.id`, in place of an earlier one of that id. */
  commit(info: Omit<SourceInfo, 'version' | 'data' | 'bytes'>): Promise<SourceInfo>
  /** Leaves nothing behind. Harmless after a commit. */
  discard(): Promise<void>
}

/** Opens a data file for a source; which one may be known only when it is written. @throws DISK_FULL, FILE_UNWRITABLE */
export async function createSource(folder: string): Promise<SourceWriter> {
  const path = join(folder, `import.${randomUUID().slice(0, 8)}.jsonl`)
  const guarded = <T>(work: () => Promise<T>): Promise<T> => work().catch((error: unknown) => failToWrite(path, error))
  await guarded(() => mkdir(folder, { recursive: true }))
  let file: FileHandle | null = await guarded(() => open(path, 'wx'))
  let [waiting, characters]: [string[], number] = [[], 0]
  const flush = async (): Promise<void> => {
    const text = waiting.join('')
    ;[waiting, characters] = [[], 0]
    await file?.writeFile(text)
  }
  const close = async (): Promise<void> => {
    await file?.close()
    file = null
  }
  return {
    write(record) {
      const line = `${JSON.stringify(record)}\n`
      waiting.push(line)
      characters += line.length
      return characters < FLUSH_CHARACTERS ? Promise.resolve() : guarded(flush)
    },
    restart: () =>
      guarded(async () => {
        ;[waiting, characters] = [[], 0]
        await file?.truncate(0)
        await close()
        file = await open(path, 'w')
      }),
    commit: (info) =>
      guarded(async () => {
        await flush()
        await file?.sync()
        await close()
        const named = `${info.id}.${randomUUID().slice(0, 8)}.jsonl`
        await rename(path, join(folder, named))
        return adoptSource(folder, named, info)
      }),
    async discard() {
      await close().catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
    }
  }
}

/** Makes a finished data file of the folder the source `info.id`, in place of an earlier one. @throws DISK_FULL, FILE_UNWRITABLE */
export async function adoptSource(folder: string, data: string, info: Omit<SourceInfo, 'version' | 'data' | 'bytes'>): Promise<SourceInfo> {
  const { size } = await stat(join(folder, data))
  const written: SourceInfo = { version: 1, ...info, data, bytes: size }
  await writeWhole(join(folder, `${info.id}.json`), [`${JSON.stringify(written, null, 2)}\n`])
  await sweep(folder, STRAY_MILLISECONDS)
  await sweep(folder, 0, `${info.id}.`)
  return written
}

/** Removes data files that no source names, and leftovers of killed writers, if they are old enough. */
async function sweep(folder: string, age: number, prefix = ''): Promise<void> {
  const kept = new Set((await listSources(folder)).flatMap((source) => ('info' in source ? [source.info.data] : [])))
  for (const name of await readdir(folder).catch(() => [])) {
    const stray = (name.endsWith('.jsonl') && !kept.has(name)) || name.endsWith('.tmp')
    if (!stray || !name.startsWith(prefix)) continue
    const found = await stat(join(folder, name)).catch(() => null)
    if (found !== null && Date.now() - found.mtimeMs >= age) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
