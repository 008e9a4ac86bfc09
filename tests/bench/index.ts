/**
 * `npm run bench`: what the work costs on this machine, next to what its processor can do.
 *
 *   --peer        also the same work in eager PyTorch, in the same run, and the ratios
 *   --json        one JSON object instead of the table
 *   --runs N      runs of each attribution, of which the median counts (7)
 *   --folder DIR  keeps the random model there, or finds it there (else a temporary folder, removed afterwards)
 *   --large KINDS instead of all this: time and peak memory of an SAE of 131,072 latents of 3,584 numbers, each kind in a process of
 *                 its own (names of large-sae.ts with commas, or "all"); takes 4 GB of disk for each
 *   --decoding    instead of all this: tokens a second, beside transformers.js
 *   --memory      instead of all this: estimated beside measured peak memory of several models and SAEs; takes 3 GB of disk
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createEngineHandlers, type EngineHandlers } from '../../src/main/engine/handlers'
import { assert } from '../../src/shared/errors'
import { timeDecoding, type DecodingTimes } from './decoding'
import { kindsOf, largeTable, LargeTimes, timeLarge } from './large'
import { writeLarge } from './large-sae'
import { timeLayers, type LayersSubject } from './layers'
import { matMulRate } from './measure'
import { measureJob, measureMemory, memoryTable, writeCase } from './memory'
import { findTorch, INSTALL, timePeer } from './peer'
import { GPT2_SMALL, writeRandomModel } from './random-model'
import { timeSet } from './set'
import { asJson, asTable, decodingTable, type Results } from './table'
import { timeSubject, type Subject, type SubjectTimes } from './work'

const { values } = parseArgs({
  options: {
    peer: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '7' },
    folder: { type: 'string' },
    large: { type: 'string' },
    decoding: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    /** Used by the bench itself: only measure this pair, given as JSON, or only write this case of memory-models.ts to --folder. */
    job: { type: 'string' },
    'write-case': { type: 'string' },
    /** Used by the bench itself: only measure this kind of large SAE in --folder, and write its times as JSON. */
    measure: { type: 'string' },
    /** Used by the bench itself: only write the random model, in a process of its own, so that its memory is not counted. */
    write: { type: 'string' }
  }
})

/** The bench is started in the repository's root. */
const root = process.cwd()

async function main(): Promise<void> {
  if (values.write !== undefined) return void (await writeRandomModel(values.write, GPT2_SMALL))
  if (values.measure !== undefined) {
    const times = await timeLarge(engineHandlers(), values.folder ?? '.', values.measure)
    return void process.stdout.write(JSON.stringify(times))
  }
  if (values.job !== undefined) return void process.stdout.write(JSON.stringify(await measureJob(engineHandlers(), values.job)))
  if (values['write-case'] !== undefined) return await writeCase(values.folder ?? '.', values['write-case'])
  const python = values.peer ? findTorch() : null
  if (values.peer && python === null) {
    process.stderr.write(`The peer needs PyTorch, which was not found. On Debian:\n  ${INSTALL}\n`)
    process.exitCode = 1
    return
  }
  const kept = values.folder === undefined ? null : resolve(values.folder)
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'gradsae-bench-')))
  try {
    if (values.large !== undefined) return await measureLarge(folder, kindsOf(values.large))
    if (values.decoding) {
      const times = await measureDecoding(folder, Number(values.runs))
      return void process.stdout.write(`${values.json ? JSON.stringify(times, null, 2) : decodingTable(times)}\n`)
    }
    if (values.memory) {
      const rows = measureMemory(folder, defaultSubject(), __filename, say)
      return void process.stdout.write(`${values.json ? JSON.stringify(rows, null, 2) : memoryTable(rows)}\n`)
    }
    const results = await measure(folder, python)
    process.stdout.write(`${values.json ? JSON.stringify(asJson(results), null, 2) : asTable(results)}\n`)
  } finally {
    if (kept === null) await rm(folder, { recursive: true, force: true })
  }
}

async function measure(folder: string, python: string | null): Promise<Results> {
  const runs = Number(values.runs)
  assert(Number.isInteger(runs) && runs > 0, '--runs is a whole number above 0')
  say('measuring the machine')
  const before = await matMulRate()
  writeRandom(folder)
  // The small model first: what the large one leaves behind would count as its memory.
  const small = await timed(defaultSubject(), runs)
  const large = await timed(randomSubject(folder), runs)
  say('timing a set of prompts')
  const engine = engineHandlers()
  const sets = [await timeSet(engine, large.subject, 'gradsae'), await timeSet(engine, large.subject, 'attribution')]
  const layers = []
  for (const subject of [defaultLayers(), randomLayers(folder)]) {
    say(`timing the layers of ${subject.name} together`)
    layers.push(await timeLayers(engineHandlers(), subject, runs))
  }
  const decoding = await measureDecoding(folder, runs)
  const peer =
    python === null
      ? null
      : timePeer(
          python,
          root,
          large.subject,
          GPT2_SMALL.d_vocab,
          large.attribution.filter(({ method }) => method === 'gradsae'),
          runs
        )
  const gigaRate = Math.max(before, await matMulRate())
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    gigaRate,
    subjects: [large, small],
    layers,
    sets,
    decoding,
    peer
  }
}

/** Writes the random model, unless it is there. */
function writeRandom(folder: string): void {
  if (existsSync(join(folder, 'sae', 'cfg.json'))) return
  say('writing a model of the shape of GPT-2 small')
  const written = spawnSync(process.execPath, [__filename, '--write', folder], { stdio: 'inherit' })
  assert(written.status === 0, 'the random model is written')
}

async function measureDecoding(folder: string, rounds: number): Promise<DecodingTimes[]> {
  writeRandom(folder)
  const times: DecodingTimes[] = []
  for (const subject of [defaultSubject(), randomSubject(folder)]) {
    say(`decoding with ${subject.name}`)
    times.push(await timeDecoding(engineHandlers(), subject, rounds))
  }
  return times
}

async function timed(subject: Subject, runs: number): Promise<SubjectTimes> {
  say(`timing ${subject.name}`)
  return timeSubject(engineHandlers(), subject, runs)
}

function engineHandlers(): EngineHandlers {
  return createEngineHandlers({ bundledModels: join(root, 'models'), labels: null, version: 'bench' })
}

/** One kind after the other: written if it is not there, measured in a process of its own, and removed if the folder is not kept. */
async function measureLarge(folder: string, kinds: readonly string[]): Promise<void> {
  const all: LargeTimes[] = []
  for (const kind of kinds) {
    if (!existsSync(join(folder, kind))) {
      say(`writing ${kind}`)
      await writeLarge(folder, kind)
    }
    say(`measuring ${kind}`)
    const run = spawnSync(process.execPath, [__filename, '--measure', kind, '--folder', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    assert(run.status === 0, `${kind} is measured`)
    all.push(LargeTimes.parse(JSON.parse(String(run.stdout))))
    if (values.folder === undefined) await rm(join(folder, kind), { recursive: true })
  }
  process.stdout.write(`${values.json ? JSON.stringify(all, null, 2) : largeTable(all)}\n`)
}

function randomSubject(folder: string): Subject {
  return {
    name: 'GPT-2 small, random weights',
    model: join(folder, 'model'),
    sae: join(folder, 'sae'),
    hook: GPT2_SMALL.hook,
    lengths: [16, 64, 256]
  }
}

function defaultSubject(): Subject {
  const at = join(root, 'models', 'storyteller')
  const hook = 'blocks.3.hook_resid_post'
  return {
    name: 'storyteller, the default model',
    model: join(at, 'model'),
    sae: join(at, 'saes', `${hook}-topk-2048`),
    hook,
    lengths: [16, 64, 256]
  }
}

/** The default model's SAEs, as a person would rank them together. */
function defaultLayers(): LayersSubject {
  const { name, model, lengths } = defaultSubject()
  const sae = (hook: string): string => join(root, 'models', 'storyteller', 'saes', `${hook}-topk-2048`)
  const hooks = [1, 3, 4].map((layer) => `blocks.${layer}.hook_resid_post`)
  return { name, model, lengths, layers: hooks.map((hook) => ({ sae: sae(hook), hook })) }
}

/** The random model with its one SAE at three places. */
function randomLayers(folder: string): LayersSubject {
  const { name, model, sae, lengths } = randomSubject(folder)
  const hooks = [2, 6, 10].map((layer) => `blocks.${layer}.hook_resid_post`)
  return { name, model, lengths, layers: hooks.map((hook) => ({ sae, hook })) }
}

function say(what: string): void {
  process.stderr.write(`${what} ...\n`)
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
  process.exitCode = 1
})
