/** Experiments on the default model: their numbers against plain runs of the rooms they use, and what interruption does to them (nothing). */
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareAll, checkRequest, suffixLogits, type Attributed, type Bench } from '../../../src/main/attribution'
import { firstLine, zeroed } from '../../../src/main/experiments/answers'
import { exactMatch, wordF1 } from '../../../src/main/statistics/squad'
import { defaultPrompts } from '../../../src/main/experiments/default-prompts'
import * as faithfulnessShape from '../../../src/main/experiments/faithfulness-shape'
import {
  openExperimentJournal,
  promptsDigest,
  readExperiment,
  type ExperimentIdentity,
  type ExperimentJournal
} from '../../../src/main/experiments/journal'
import * as maskingShape from '../../../src/main/experiments/masking-shape'
import { runExperiment, type ExperimentRun, type PartDone } from '../../../src/main/experiments/run'
import { rankPrompt, RankingSettings } from '../../../src/main/experiments/rank-prompt'
import { endsOf } from '../../../src/main/experiments/sets-of-latents'
import { sourcesOf, transplantOf } from '../../../src/main/experiments/transplant'
import * as transplantShape from '../../../src/main/experiments/transplant-shape'
import type { Places } from '../../../src/main/experiments/types'
import { reproductionOf } from '../../../src/main/storage/reproduction'
import { compareRuns } from '../../../src/main/steering/compare'
import { Cancelled } from '../../../src/shared/errors'
import type { ExperimentManifest, ExperimentPart, ExperimentResult } from '../../../src/shared/records/experiment'
import { DEFAULT_GENERATION, type Intervention } from '../../../src/shared/records/steering'
import type { SetPrompt } from '../../../src/shared/records/sets'
import { quietTask } from '../../../src/shared/task'
import { DEFAULT_SAES, openTestBench } from '../../support/benches'
import { BUNDLED_MODELS } from '../../support/engine'
import { DEFAULT_MODEL } from '../../support/models'

const places: Places = {
  otherDevices: [],
  onDevice: () => Promise.reject(new Error('there is none')),
  otherSaes: () => Promise.resolve([]),
  withSaes: (_, work) => work({ sessions: bench.sessions, sae: bench })
}
const TOKENS = 6
let bench: Bench
let prompts: SetPrompt[]
let folder: string

beforeAll(async () => {
  bench = await openTestBench(DEFAULT_MODEL, join(DEFAULT_SAES, 'blocks.4.hook_resid_post-topk-2048'))
  prompts = (await defaultPrompts(BUNDLED_MODELS, 'masking')).prompts.slice(0, 3)
  folder = await mkdtemp(join(tmpdir(), 'gradsae-experiment-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const masking = (change: Partial<ExperimentRun> = {}): ExperimentRun => ({
  experiment: 'masking',
  settings: { methods: ['gradsae', 'mean-activation'], counts: [3, 10], shares: [50], maxTokens: TOKENS, filter: 'none' },
  prompts,
  done: [],
  reading: {},
  ...change
})

interface Ran {
  readonly result: ExperimentResult
  readonly manifest: ExperimentManifest
  readonly parts: ExperimentPart[]
}

async function run(experiment: ExperimentRun, onPart: (part: PartDone) => void = () => undefined): Promise<Ran> {
  const parts: ExperimentPart[] = []
  const { result, manifest } = await runExperiment(bench, places, experiment, quietTask(), (part) => {
    parts.push({ part: part.part, data: part.data })
    onPart(part)
  })
  return { result, manifest, parts }
}

/** The same answer by steering, whose columns tests/pipeline holds against PyTorch. */
async function answerBySteering(prompt: SetPrompt, interventions: Intervention[]): Promise<string> {
  const steering = { sessions: bench.sessions, sae: bench, versions: {} }
  const request = {
    prompt: prompt.prompt,
    recipes: [{ id: 'r', name: 'r', interventions, keepError: false }],
    settings: { ...DEFAULT_GENERATION, maxTokens: TOKENS },
    target: null,
    score: false
  }
  const { columns } = await compareRuns(steering, request, quietTask(), () => undefined)
  return firstLine(columns[1]?.text ?? '')
}

describe('masking', () => {
  it('answers as steering does with the same latents zeroed, masked or not', async () => {
    const { parts } = await run(masking())
    expect(parts).toHaveLength(prompts.length)
    for (const [at, prompt] of prompts.entries()) {
      const { before, masked } = maskingShape.Part.parse(parts[at]?.data)
      expect(before.text).toBe(await answerBySteering(prompt, []))
      for (const { top } of masked?.methods ?? []) {
        const answers = [3, 10, 12].map((count) => answerBySteering(prompt, zeroed(top.latents.slice(0, count))))
        // A TopK SAE of k = 24 has 24 latents at the last position: half of them are 12.
        expect(top.em).toEqual((await Promise.all(answers)).map((text) => exactMatch(text, prompt.answer ?? '')))
      }
    }
  }, 60_000)

  it('comes to the same, bit for bit, wherever it was interrupted', async () => {
    const whole = await run(masking())
    const stop = new AbortController()
    const before: ExperimentPart[] = []
    const interrupted = runExperiment(bench, places, masking(), { ...quietTask(), signal: stop.signal }, ({ part, data }) => {
      before.push({ part, data })
      stop.abort()
    })
    await expect(interrupted).rejects.toThrow(Cancelled)
    expect(before).toHaveLength(1)
    const rest = await run(masking({ done: before }))
    expect(rest.parts.map(({ part }) => part)).toEqual([1, 2])
    expect(rest.result).toEqual(whole.result)
    expect(reproductionOf(whole.result, rest.result)).toEqual({ same: true, largest: 0, differences: [] })
    expect(rest.manifest).toMatchObject({ experiment: 'masking', settings: { counts: [3, 10], seed: 0 }, prompts })
  }, 60_000)

  it('leaves a prompt out that cannot be used, and goes on', async () => {
    const none = { target: null, counterfactual: null, group: null, paraphrase: null }
    const broken = { id: 'broken', prompt: { ids: [1_000_000] }, answer: 'x', ...none }
    const { result } = await run(masking({ prompts: [broken, ...prompts.slice(0, 1)] }))
    expect(result.prompts).toBe(1)
    expect(result.notes.join(' ')).toContain('1 could not be used (broken: There is no token with the id 1000000.')
  }, 30_000)

  it('refuses prompts without answers, and stored parts that there cannot be', async () => {
    const silent = prompts.map((prompt) => ({ ...prompt, answer: null }))
    await expect(run(masking({ prompts: silent }))).rejects.toThrow('" scores answers, but no prompt of this set has an expected one.')
    await expect(run(masking({ done: [{ part: 9, data: {} }] }))).rejects.toThrow('there are 3 parts')
  })
})

describe('transplants', () => {
  it('answer as steering does with one set zeroed and the other written in', async () => {
    const all = (await defaultPrompts(BUNDLED_MODELS, 'transplant')).prompts
    const story = all.filter(({ group }) => group === all[0]?.group)
    const settings = { methods: ['gradsae'], variants: ['source'], counts: [5], shares: [], maxTokens: TOKENS, filter: 'none' }
    const { parts, result } = await run(masking({ experiment: 'transplant', settings, prompts: story }))
    expect(parts).toHaveLength(1)
    const { pairs, asked } = transplantShape.Part.parse(parts[0]?.data)
    expect([asked, result.prompts]).toEqual([story.length, pairs.length])
    expect(pairs.length).toBeGreaterThan(0)
    expect(pairs.every(({ id, other, toOther }) => id !== other && toOther.em < 1)).toBe(true)
    const [pair] = pairs
    const [own, source] = [story.find(({ id }) => id === pair?.id), story.find(({ id }) => id === pair?.other)]
    if (!own || !source) throw new Error('both questions are of the story')
    const rank = (prompt: SetPrompt): Promise<Attributed> => rankPrompt(bench, prompt, 'gradsae', RankingSettings.parse({}), 0, quietTask())
    const [ownRanked, sourceRanked] = [await rank(own), await rank(source)]
    const written = endsOf(sourceRanked.latents, 5).top
    const sources = [...sourcesOf(sourceRanked, written).values()]
    const answer = await answerBySteering(own, transplantOf(endsOf(ownRanked.latents, 5).top, sources, 'source'))
    expect(pair?.changed[0]?.top).toEqual({
      em: [exactMatch(answer, source.answer ?? '')],
      f1: [wordF1(answer, source.answer ?? '')],
      kept: [exactMatch(answer, own.answer ?? '')]
    })
  }, 60_000)
})

describe('faithfulness', () => {
  it('ends of the curves are plain runs: the model itself, the reconstruction, and what the SAE writes without latents', async () => {
    const settings = { methods: ['gradsae', 'random'], shares: [1, 50], substitution: 'reconstruction', target: 'logit' }
    const [prompt] = prompts
    const { parts } = await run(masking({ experiment: 'faithfulness', settings, prompts: prompt ? [prompt] : [] }))
    const part = faithfulnessShape.Part.parse(parts[0]?.data)
    const request = { prompt: prompt?.prompt ?? { text: '' }, method: 'gradsae' as const, target: null, includeSpecial: true }
    const [prepared] = await prepareAll(bench, [checkRequest(bench.sessions.model, request)])
    if (!prepared) throw new Error('there is a prompt')
    const bias = Float32Array.from({ length: prepared.own.value.length }, (_, i) => prepared.active.bias[i % prepared.active.d_out] ?? 0)
    const logitOf = async (values: Float32Array, id: number): Promise<number> =>
      (await suffixLogits(bench, 1, values, prepared.own.beside))[0]?.[id] ?? NaN
    const [spliced = new Float32Array()] = await suffixLogits(bench, 1, prepared.active.reconstruction, prepared.own.beside)
    const greedy = spliced.indexOf(Math.max(...spliced))
    // Hook values are added up in another order, and rows of another batch round differently: a few float32 steps of logits near 20.
    expect(part.own).toBeCloseTo(await logitOf(prepared.own.value, greedy), 3)
    expect(part.full).toBeCloseTo(spliced[greedy] ?? NaN, 3)
    expect(part.biasAlone).toBeCloseTo(await logitOf(bias, greedy), 3)
    for (const { deletion, insertion } of part.methods) {
      expect([deletion[0], insertion.at(-1)]).toEqual([part.full, part.full])
      expect([insertion[0], deletion.at(-1)]).toEqual([part.empty, part.empty])
    }
    expect(part.empty).toBe(part.biasAlone)
  }, 60_000)
})

describe('agreement', () => {
  it('a ranking agrees with itself, and what cannot be compared here is said', async () => {
    const settings = { methods: ['gradsae', 'attribution'], axes: ['methods', 'targets', 'layers', 'precisions', 'devices'] }
    const { result } = await run(masking({ experiment: 'agreement', settings, prompts: prompts.slice(0, 1) }))
    expect(result.tables.map(({ name }) => name)).toEqual(['methods', 'targets', 'precisions'])
    const [first, second] = result.tables[1]?.rows ?? []
    // d p = p d log p: the same order and scores but for the factor p.
    expect(second?.slice(0, 2)).toEqual(['probability', 'log-probability'])
    expect(second?.[2]).toEqual({ value: 1, low: 1, high: 1 })
    // The weights of rank-biased overlap add up to 1 up to rounding in float64, some 1500 additions.
    expect(second?.[3]).toMatchObject({ value: expect.closeTo(1, 12) })
    expect(first?.slice(0, 2)).toEqual(['probability', 'logit'])
    expect(result.notes.join(' ')).toContain('This machine has no other device than cpu')
    expect(result.notes.join(' ')).toContain('There is no SAE of another layer')
  }, 60_000)
})

describe('an experiment on disk', () => {
  const identity = (change: Partial<ExperimentIdentity> = {}): ExperimentIdentity => ({
    experiment: 'masking',
    settings: { seed: 0 },
    model: { name: 'm', hash: 'h' },
    sae: { name: 's', hash: 'i', hook: null, reading: {} },
    prompts: promptsDigest(prompts),
    device: 'cpu',
    versions: { workbench: 'test' },
    ...change
  })
  const parts = [0, 1].map((part) => ({ part, data: { value: part / 3 } }))

  it('goes on with the parts that are whole, and computes a torn one again', async () => {
    const at = join(folder, 'torn')
    const journal: ExperimentJournal = await openExperimentJournal(at, identity())
    for (const part of parts) await journal.append(part)
    expect((await openExperimentJournal(at, identity())).done).toEqual(parts)
    await truncate(join(at, 'parts/part-0000001.json'), 9)
    expect((await openExperimentJournal(at, identity())).done).toEqual(parts.slice(0, 1))
  })

  it('refuses a folder in which another experiment was begun, and says what differs', async () => {
    const at = join(folder, 'other')
    await openExperimentJournal(at, identity())
    await expect(openExperimentJournal(at, identity({ settings: { seed: 1 } }))).rejects.toThrow('what differs is the setting "seed"')
    await expect(openExperimentJournal(at, identity({ experiment: 'agreement' }))).rejects.toThrow('the experiment (masking, agreement)')
    await expect(openExperimentJournal(at, identity({ prompts: promptsDigest([]) }))).rejects.toThrow('what differs is the prompts')
  })

  it('writes result, manifest and tables, from which it can be repeated', async () => {
    const at = join(folder, 'done')
    const { result, manifest } = await run(masking({ prompts: prompts.slice(0, 1) }))
    const journal = await openExperimentJournal(at, identity())
    await journal.finish(result, manifest)
    const found = await readExperiment(join(at, 'manifest.json'))
    expect(found).toEqual({ manifest, result })
    expect(await readdir(join(at, 'parquet'))).toContain('em.parquet')
    const again = await run({ ...masking(), settings: found.manifest.settings, prompts: found.manifest.prompts })
    expect(reproductionOf(result, again.result).same).toBe(true)
  }, 30_000)

  it('refuses a manifest that is none', async () => {
    const path = join(folder, 'manifest.json')
    await writeFile(path, '{"experiment":"masking"}')
    await expect(readExperiment(path)).rejects.toThrow('cannot be repeated: settings:')
  })
})
