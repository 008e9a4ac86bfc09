/**
 * What an attribution takes in memory beside what the workbench had expected before loading anything, each pair of model and SAE in a
 * process of its own: a peak is never undone within one.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { EngineHandlers } from '../../src/main/engine/handlers'
import type { HandlerTask } from '../../src/shared/contract'
import { MemoryEstimate } from '../../src/shared/records/model'
import { assert } from '../../src/shared/errors'
import { peakMemory } from './measure'
import { MEMORY_CASES, writeMemoryCase } from './memory-models'
import { promptOf } from './work'

/** Length of the prompt that estimates are made for. */
const POSITIONS = 128

const Pair = z.object({ model: z.string(), sae: z.string(), hook: z.string() })
type Pair = z.infer<typeof Pair>

const Measured = z.object({ peak: z.number(), model: MemoryEstimate, sae: MemoryEstimate })
export type MemoryRow = { name: string } & z.infer<typeof Measured>

/** A ranking with the exact check of one latent, in this process. `argument` is a pair as JSON. */
export async function measureJob(engine: EngineHandlers, argument: string): Promise<z.infer<typeof Measured>> {
  const { model, sae, hook } = Pair.parse(JSON.parse(argument))
  const described = await engine['model.open']({ model, device: 'cpu' }, quiet())
  const { memoryEstimate: forSae } = await engine['sae.open']({ sae }, quiet())
  const { memoryEstimate: forModel, d_vocab } = described
  assert(forModel && forSae, 'memory is estimated for every model and SAE')
  const prompt = { ids: promptOf(POSITIONS, d_vocab) }
  const input = { model, sae, hook, device: 'cpu' as const, prompt, method: 'attribution' as const, target: null, includeSpecial: true }
  const ranking = await engine['attribution.rank']({ ...input, modelTop: false }, quiet())
  const latents = ranking.latents.slice(0, 1).map(({ latent, score }) => ({ latent, score }))
  await engine['attribution.verify']({ ...input, latents }, quiet())
  return { peak: peakMemory(), model: forModel, sae: forSae }
}

/** Writes a case, in a process of its own: it takes more memory than what is measured. */
export async function writeCase(folder: string, name: string): Promise<void> {
  const found = MEMORY_CASES.find((candidate) => candidate.name === name)
  assert(found, `${name} is one of the cases`)
  await writeMemoryCase(folder, found)
}

/** Measures the default model and every case; `bench` runs the bench with arguments and returns what it printed. */
export function measureMemory(folder: string, defaults: Pair, self: string, say: (what: string) => void): MemoryRow[] {
  const bench = (...args: string[]): string => {
    const run = spawnSync(process.execPath, ['--max-old-space-size=4096', self, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit']
    })
    assert(run.status === 0, `the bench runs with ${args.join(' ')}`)
    return run.stdout
  }
  const measured = (name: string, pair: Pair): MemoryRow => {
    say(`measuring ${name}`)
    return { name, ...Measured.parse(JSON.parse(bench('--job', JSON.stringify(pair)))) }
  }
  const rows = [measured('storyteller, the default model', defaults)]
  for (const [index, { name, sae }] of MEMORY_CASES.entries()) {
    const at = join(folder, `memory-${index}`)
    if (!existsSync(join(at, 'sae', 'cfg.json'))) {
      say(`writing ${name}`)
      bench('--write-case', name, '--folder', at)
    }
    rows.push(measured(name, { model: join(at, 'model'), sae: join(at, 'sae'), hook: sae.hook }))
  }
  return rows
}

/** Estimate beside measured peak, in MiB, and their ratio. */
export function memoryTable(rows: readonly MemoryRow[]): string {
  const lines = rows.map(({ name, peak, model, sae }) => {
    const cells = [model.total, sae.total, model.total + sae.total, peak].map((bytes) => (bytes / 2 ** 20).toFixed(0).padStart(9))
    return `${name.padEnd(42)}${cells.join('')}${((model.total + sae.total) / peak).toFixed(3).padStart(9)}`
  })
  const titles = ['model', 'SAE', 'estimate', 'peak', 'ratio'].map((title) => title.padStart(9)).join('')
  return [`An attribution of ${POSITIONS} positions with its exact check, MiB`, '', `${''.padEnd(42)}${titles}`, ...lines].join('\n')
}

function quiet<E>(): HandlerTask<E> {
  return { signal: new AbortController().signal, progress: () => undefined, emit: () => undefined }
}
