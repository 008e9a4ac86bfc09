/**
 * What a shard is of: a small file beside its results, by which a run that was interrupted knows whether it may go on, and merging knows
 * what belongs together. It is hostile until parsed, like every file.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { Device, SaeReading } from '../../../shared/records/model'
import { Provenance } from '../../../shared/records/ranking'
import { SetSettings } from '../../../shared/records/sets'
import { readJsonObject } from '../../tensors/json'
import { writeWhole } from '../../tensors/whole-file'

export const MAX_SHARDS = 100_000

/** Everything that results depend on. Two shards belong together, and a run goes on, where all of it is equal. */
export const Identity = z.object({
  model: z.object({ name: z.string(), hash: z.string() }),
  sae: z.object({ name: z.string(), hash: z.string(), hook: z.string().nullable(), reading: SaeReading }),
  /** sha256 of prompts.jsonl, and how many prompts it has. */
  prompts: z.object({ sha256: z.string(), count: z.number().int().min(1) }),
  settings: SetSettings,
  device: Device,
  versions: z.record(z.string(), z.string())
})
export type Identity = z.infer<typeof Identity>

export const Shard = z
  .object({ index: z.number().int().nonnegative(), of: z.number().int().min(1).max(MAX_SHARDS) })
  .refine(({ index, of }) => index < of, 'a shard is counted from 0')
export type Shard = z.infer<typeof Shard>

/** Set when the table of the shard is whole. */
export const Finished = z.object({
  /** Batches of the whole set. */
  batches: z.number().int().nonnegative(),
  rows: z.number().int().nonnegative(),
  sha256: z.string(),
  provenance: Provenance
})
export type Finished = z.infer<typeof Finished>

export const Manifest = z.object({
  format: z.literal('gradsae-set-shard'),
  version: z.literal(1),
  shard: Shard,
  identity: Identity,
  /** Processor and threads of whoever began it: sums may round differently on another. */
  machine: z.string(),
  finished: Finished.nullable()
})
export type Manifest = z.infer<typeof Manifest>

/** The files of one shard in a folder. */
export interface ShardFiles {
  readonly manifest: string
  readonly table: string
  /** Folder of the batches that are done, while the table is not whole. */
  readonly parts: string
}

export const MANIFEST_NAME = /^shard-\d{5}-of-\d{5,6}\.json$/

export function shardFiles(folder: string, { index, of }: Shard): ShardFiles {
  const name = join(folder, `shard-${String(index).padStart(5, '0')}-of-${String(of).padStart(5, '0')}`)
  return { manifest: `${name}.json`, table: `${name}.parquet`, parts: `${name}.parts` }
}

/** The prompts of a run, the same for every shard of a folder. */
export function promptsFile(folder: string): string {
  return join(folder, 'prompts.jsonl')
}

/** The manifest at `path`; null where there is none. @throws SHARD_INVALID, FILE_UNREADABLE */
export async function readManifest(path: string): Promise<Manifest | null> {
  if ((await stat(path).catch(() => null)) === null) return null
  const parsed = Manifest.safeParse(await readJsonObject(path))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return fail('SHARD_INVALID', { path, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is no manifest'}` })
}

/** @throws DISK_FULL, FILE_UNWRITABLE */
export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  await writeWhole(path, [`${JSON.stringify(manifest, null, 2)}\n`])
}

/** In words, what differs between two identities; null where nothing does. */
export function differenceOf(a: Identity, b: Identity): string | null {
  const differ = (x: unknown, y: unknown): boolean => stable(x) !== stable(y)
  if (a.model.hash !== b.model.hash) return `the model (${a.model.name}, ${b.model.name})`
  if (a.sae.hash !== b.sae.hash) return `the SAE (${a.sae.name}, ${b.sae.name})`
  if (a.sae.hook !== b.sae.hook) return `the hook point (${a.sae.hook ?? "the SAE's own"}, ${b.sae.hook ?? "the SAE's own"})`
  if (differ(a.sae.reading, b.sae.reading)) return 'how the SAE is read'
  if (differ(a.prompts, b.prompts)) return 'the prompts'
  const settings = [...new Set([...Object.keys(a.settings), ...Object.keys(b.settings)])].sort()
  const values = (own: Identity): Map<string, unknown> => new Map(Object.entries(own.settings))
  const setting = settings.find((name) => differ(values(a).get(name), values(b).get(name)))
  if (setting !== undefined) return `the setting "${setting}" (${stable(values(a).get(setting))}, ${stable(values(b).get(setting))})`
  if (a.device !== b.device) return `the device (${a.device}, ${b.device})`
  return differ(a.versions, b.versions) ? `the versions (${stable(a.versions)}, ${stable(b.versions)})` : null
}

/** JSON whose objects have their keys in order. */
function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner
    ) ?? 'none'
  )
}
