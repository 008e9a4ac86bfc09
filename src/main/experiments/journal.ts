/**
 * An experiment on disk while it runs: a file for each part, renamed into place whole, so that one killed at any moment goes on with
 * nothing lost and nothing half done.
 *
 *   {out}/experiment.json       what it is of
 *   {out}/parts/part-0000012.json
 *   {out}/result.json, {out}/manifest.json, and {out}/csv/ and {out}/parquet/ when it is finished
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fail, WorkbenchError } from '../../shared/errors'
import { ExperimentManifest, ExperimentName, ExperimentPart, ExperimentResult, ExperimentSettings } from '../../shared/records/experiment'
import { SaeReading } from '../../shared/records/model'
import type { SetPrompt } from '../../shared/records/sets'
import { writeResult } from '../tables/experiment'
import { failToRead, failToWrite } from '../tensors/files'
import { parseJson, readJsonObject } from '../tensors/json'
import { writeWhole } from '../tensors/whole-file'

const PART = /^part-\d{7}\.json$/

/** Everything that parts depend on: an experiment goes on where all of it is equal. */
export const ExperimentIdentity = z.object({
  experiment: ExperimentName,
  settings: ExperimentSettings,
  model: z.object({ name: z.string(), hash: z.string() }),
  sae: z.object({ name: z.string(), hash: z.string(), hook: z.string().nullable(), reading: SaeReading }),
  prompts: z.object({ sha256: z.string(), count: z.number().int() }),
  device: z.string(),
  versions: z.record(z.string(), z.string())
})
export type ExperimentIdentity = z.infer<typeof ExperimentIdentity>

/** An experiment that is being run. */
export interface ExperimentJournal {
  /** Parts that are on the disk. */
  readonly done: readonly ExperimentPart[]
  /** Answers when the part is on the disk. @throws DISK_FULL, FILE_UNWRITABLE */
  append(part: ExperimentPart): Promise<void>
  /** Writes result, manifest and tables; returns their paths. @throws DISK_FULL, FILE_UNWRITABLE */
  finish(result: ExperimentResult, manifest: ExperimentManifest): Promise<string[]>
}

/** What tells prompts from others. */
export function promptsDigest(prompts: readonly SetPrompt[]): ExperimentIdentity['prompts'] {
  return { sha256: createHash('sha256').update(JSON.stringify(prompts)).digest('hex'), count: prompts.length }
}

/**
 * Opens the journal in `folder`, or goes on with the one that is there.
 * @throws SHARD_DIFFERS where that is of something else, JSON_INVALID, DISK_FULL, FILE_UNWRITABLE
 */
export async function openExperimentJournal(folder: string, identity: ExperimentIdentity): Promise<ExperimentJournal> {
  const parts = join(folder, 'parts')
  await mkdir(parts, { recursive: true }).catch((error: unknown) => failToWrite(folder, error))
  const path = join(folder, 'experiment.json')
  const begun = await whatIsThere(path)
  const difference = begun === null ? null : differenceOf(begun, identity)
  if (difference !== null) fail('SHARD_DIFFERS', { path, what: difference })
  if (begun === null) await writeWhole(path, [json(identity)])
  return {
    done: await wholeParts(parts),
    append: (part) => writeWhole(join(parts, `part-${String(part.part).padStart(7, '0')}.json`), [JSON.stringify(part)]),
    async finish(result, manifest) {
      const [resultPath, manifestPath] = [join(folder, 'result.json'), join(folder, 'manifest.json')]
      await writeResult(join(folder, 'csv'), 'csv', result, manifest)
      await writeResult(join(folder, 'parquet'), 'parquet', result, manifest)
      await writeWhole(manifestPath, [json(manifest)])
      await writeWhole(resultPath, [json(result)])
      return [resultPath, manifestPath, join(folder, 'csv'), join(folder, 'parquet')]
    }
  }
}

/** A manifest, and the result that stands beside it; null where none does. @throws FILE_MISSING, EXPERIMENT_MANIFEST */
export async function readExperiment(path: string): Promise<{ manifest: ExperimentManifest; result: ExperimentResult | null }> {
  const manifest = ExperimentManifest.safeParse(await readJsonObject(path))
  if (!manifest.success) {
    const issue = manifest.error.issues[0]
    return fail('EXPERIMENT_MANIFEST', { path, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` })
  }
  const beside = join(path, '..', 'result.json')
  if ((await stat(beside).catch(() => null)) === null) return { manifest: manifest.data, result: null }
  const result = ExperimentResult.safeParse(await readJsonObject(beside))
  return {
    manifest: manifest.data,
    result: result.success ? result.data : fail('EXPERIMENT_MANIFEST', { path: beside, reason: 'it is no result' })
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

async function whatIsThere(path: string): Promise<ExperimentIdentity | null> {
  if ((await stat(path).catch(() => null)) === null) return null
  const parsed = ExperimentIdentity.safeParse(await readJsonObject(path))
  return parsed.success ? parsed.data : fail('JSON_INVALID', { path, reason: 'it does not say which experiment this is' })
}

/** Parts whose files are whole. One that cannot be read, for whatever reason, is computed again. */
async function wholeParts(folder: string): Promise<ExperimentPart[]> {
  const names = await readdir(folder).catch((error: unknown) => failToRead(folder, error))
  const found: ExperimentPart[] = []
  for (const name of names.filter((one) => PART.test(one)).sort()) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '')
    const parsed = ExperimentPart.safeParse(parsedOrNull(text, name))
    if (parsed.success) found.push(parsed.data)
  }
  return found
}

function parsedOrNull(text: string, name: string): unknown {
  try {
    return parseJson(text, name)
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

/** In words, what differs between two identities; null where nothing does. */
function differenceOf(a: ExperimentIdentity, b: ExperimentIdentity): string | null {
  if (a.experiment !== b.experiment) return `the experiment (${a.experiment}, ${b.experiment})`
  if (a.model.hash !== b.model.hash) return `the model (${a.model.name}, ${b.model.name})`
  if (a.sae.hash !== b.sae.hash) return `the SAE (${a.sae.name}, ${b.sae.name})`
  const keys = [...new Set([...Object.keys(a.settings), ...Object.keys(b.settings)])].sort()
  const setting = keys.find((key) => JSON.stringify(a.settings[key]) !== JSON.stringify(b.settings[key]))
  if (setting !== undefined) return `the setting "${setting}"`
  if (JSON.stringify(a.sae) !== JSON.stringify(b.sae)) return 'hook point or reading of the SAE'
  if (a.prompts.sha256 !== b.prompts.sha256) return 'the prompts'
  if (a.device !== b.device) return `the device (${a.device}, ${b.device})`
  return JSON.stringify(a.versions) === JSON.stringify(b.versions) ? null : 'the versions'
}
