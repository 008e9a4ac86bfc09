/** An SAE, an empty label store, and exports to fill it from. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LabelImport } from '../../src/shared/records/latent'
import { quietTask, type Task } from '../../src/shared/task'
import { importLabels, openLabels, openSae, type Labels } from '../../src/main/saes'
import type { Sae } from '../../src/main/saes/types'
import { temporaryFolder } from './folder'
import { SAE_SPEC, writeSae } from './random-sae'

/** Exports in their producers' layouts (tests/fixtures/make/label_exports.py). */
export const FIXTURES = join(import.meta.dirname, '../fixtures/labels')
export const EXPORT = join(FIXTURES, 'neuronpedia')
export const EXPLAINED = join(EXPORT, 'v1/tiny-gpt2/1-res-tiny/explanations')

export interface StoreCase {
  readonly sae: Sae
  readonly root: string
  take(path: string, more?: { confirm?: boolean; take?: string }, task?: Task): Promise<LabelImport>
  labels(): Promise<Labels>
  /** Names of everything in the store. */
  stored(): Promise<string[]>
}

/** An SAE of 96 latents that names its source at Neuronpedia, and an empty store. */
export async function startStore(neuronpediaId: string | null = 'tiny-gpt2/1-res-tiny'): Promise<StoreCase> {
  const folder = await temporaryFolder()
  const sae = { ...(await openSae(await writeSae(join(folder, 'layers.1'), SAE_SPEC))), neuronpediaId }
  const root = join(folder, 'labels')
  return {
    sae,
    root,
    take: (path, more = {}, task = quietTask()) =>
      importLabels({ root, sae, path, confirm: more.confirm ?? false, take: more.take ?? null }, task),
    labels: () => openLabels(sae, root),
    stored: async () => (await readdir(root, { recursive: true }).catch(() => [])).filter((name) => name.includes('.')).sort()
  }
}

/** A file of its own with this content. */
export async function written(content: string | Uint8Array, name = 'labels.jsonl'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

/** A row of explanations as Neuronpedia writes it. */
export const row = (index: number | string, description: string | null, more: object = {}): string =>
  JSON.stringify({ modelId: 'tiny-gpt2', layer: '1-res-tiny', index: String(index), description, typeName: 'np', ...more })

export const imported = (outcome: LabelImport) => (outcome.status === 'imported' ? outcome : expect.fail(JSON.stringify(outcome)))
export const asked = (outcome: LabelImport) => (outcome.status === 'question' ? outcome.question : expect.fail(JSON.stringify(outcome)))
