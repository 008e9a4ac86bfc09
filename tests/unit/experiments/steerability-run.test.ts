/** The steerability experiment on the default model, small, against the rooms it uses, called one by one. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bench } from '../../../src/main/attribution'
import { defaultPrompts } from '../../../src/main/experiments/default-prompts'
import { rankPrompt, RankingSettings } from '../../../src/main/experiments/rank-prompt'
import { runExperiment, type ExperimentRun } from '../../../src/main/experiments/run'
import { recipeOf } from '../../../src/main/experiments/steerability'
import { predict, textsOf } from '../../../src/main/experiments/steerability-latents'
import { Part, Settings } from '../../../src/main/experiments/steerability-shape'
import type { Places } from '../../../src/main/experiments/types'
import { promptIds } from '../../../src/main/models'
import { compareRuns } from '../../../src/main/steering/compare'
import { inputScore, outputScores, promotedTokens, strongestExamples } from '../../../src/main/steering/measures'
import { Cancelled } from '../../../src/shared/errors'
import type { ExperimentPart, ExperimentResult } from '../../../src/shared/records/experiment'
import { ConceptSettings } from '../../../src/shared/records/scores'
import type { SetPrompt } from '../../../src/shared/records/sets'
import { DEFAULT_GENERATION } from '../../../src/shared/records/steering'
import { quietTask } from '../../../src/shared/task'
import { DEFAULT_SAES, openTestBench } from '../../support/benches'
import { BUNDLED_MODELS } from '../../support/engine'
import { DEFAULT_MODEL } from '../../support/models'

describe('on the default model', () => {
  const settings = {
    steered: 2,
    top: 1,
    drawn: 1,
    texts: 12,
    coefficients: [0.5, 1],
    seeds: [1, 2],
    maxTokens: 6,
    methods: ['gradsae', 'mean-activation'],
    resamples: 100
  }
  let bench: Bench
  let prompts: SetPrompt[]
  let whole: { result: ExperimentResult; parts: ExperimentPart[] }
  beforeAll(async () => {
    bench = await openTestBench(DEFAULT_MODEL, join(DEFAULT_SAES, 'blocks.4.hook_resid_post-topk-2048'))
    prompts = (await defaultPrompts(BUNDLED_MODELS, 'steerability')).prompts.slice(0, 12)
    whole = await run()
  }, 60_000)
  afterAll(() => bench.release())

  const places: Places = {
    otherDevices: [],
    onDevice: () => Promise.reject(new Error('there is none')),
    otherSaes: () => Promise.resolve([]),
    withSaes: (_, work) => work({ sessions: bench.sessions, sae: bench })
  }

  async function run(change: Partial<ExperimentRun> = {}, stop?: AbortController, parts: ExperimentPart[] = []): Promise<typeof whole> {
    const task = stop ? { ...quietTask(), signal: stop.signal } : quietTask()
    const { result } = await runExperiment(
      bench,
      places,
      { experiment: 'steerability', settings, prompts, done: [], reading: {}, ...change },
      task,
      ({ part, data }) => {
        parts.push({ part, data })
        stop?.abort()
      }
    )
    return { result, parts }
  }

  it('begins stories that go on as they do in the file', () => {
    expect(prompts.every(({ prompt, answer }) => 'text' in prompt && prompt.text.split(' ').length === 30 && (answer ?? '') !== '')).toBe(
      true
    )
    const [first = []] = textsOf(bench, prompts, 1)
    const [own] = prompts
    expect(bench.sessions.model.tokenizer.decode(first)).toContain(
      `${own && 'text' in own.prompt ? own.prompt.text : ''} ${own?.answer ?? ''}`
    )
  })

  it('knows of each latent what the rankings, input and output score say of it', async () => {
    for (const [at, { data }] of whole.parts.entries()) {
      const { latents, active } = Part.parse(data)
      const prompt = prompts[at]
      if (!prompt) throw new Error('there is a prompt for each part')
      const ranked = RankingSettings.parse({ token: 'greedy', includeSpecial: false })
      const gradsae = await rankPrompt(bench, prompt, 'gradsae', ranked, at, quietTask())
      expect(active).toBe(gradsae.latents.filter(({ maxActivation }) => maxActivation > 0).length)
      const numbers = latents.map(({ latent }) => latent)
      expect(numbers).toContain(gradsae.latents[0]?.latent)
      const outputs = await outputScores(bench.sessions, bench, numbers, quietTask())
      const promoted = await promotedTokens(bench.sessions, bench, numbers, 20)
      const examples = await strongestExamples(bench.sessions, bench, numbers, textsOf(bench, prompts, 12), quietTask())
      for (const { latent, predictors, promotes } of latents) {
        expect(predictors.gradsae).toBe(gradsae.latents.find((one) => one.latent === latent)?.score)
        // Rows of one run beside others: float32 sums of a different order, as in the output score's own test.
        expect(Math.abs((predictors['output score'] ?? NaN) - (outputs.get(latent)?.score ?? NaN))).toBeLessThan(1e-4)
        expect(predictors['input score']).toBe(inputScore(new Set(promoted.get(latent)), examples.get(latent) ?? []))
        expect(promotes).toEqual((promoted.get(latent) ?? []).slice(0, 5).map((id) => bench.sessions.model.tokenizer.token(id).text))
      }
    }
  }, 60_000)

  it('scores each text as a comparison with the same recipe does', async () => {
    const [steered] = Part.parse(whole.parts[0]?.data).latents
    const [prompt] = prompts
    if (!steered || !prompt) throw new Error('there is a latent')
    for (const { coefficient, seed, overall, fluency, concept } of steered.texts) {
      const recipe = recipeOf(steered.latent, coefficient, { unit: 'residual', positions: 'last' })
      const request = {
        prompt: prompt.prompt,
        recipes: [recipe],
        settings: { ...DEFAULT_GENERATION, maxTokens: 6, temperature: 0.7, seed },
        target: null,
        score: true,
        concept: ConceptSettings.parse({})
      }
      const { columns } = await compareRuns({ sessions: bench.sessions, sae: bench, versions: {} }, request, quietTask(), () => undefined)
      const own = columns[1]
      // Texts are equal whatever else is in the batch; the numbers come of passes over batches of other sizes, in float32.
      expect(own?.measures?.overall).toBeCloseTo(overall, 4)
      expect(own?.measures?.fluency.value).toBeCloseTo(fluency, 4)
      expect(own?.measures?.concept?.value).toBeCloseTo(concept, 4)
      if (coefficient === 0.5 && seed === 1) {
        expect(steered.text).toBe(own?.text)
        const kl = own?.scores?.kl ?? []
        expect(steered.kl).toBeCloseTo(kl.reduce((sum, value) => sum + value, 0) / kl.length, 4)
      }
    }
  }, 60_000)

  it('comes to the same, bit for bit, when it was interrupted and when it is repeated', async () => {
    const before: ExperimentPart[] = []
    await expect(run({}, new AbortController(), before)).rejects.toThrow(Cancelled)
    expect(before).toEqual(whole.parts.slice(0, 1))
    const rest = await run({ done: before })
    expect(rest.parts.map(({ part }) => part)).toEqual([1])
    expect(rest.parts).toEqual(whole.parts.slice(1))
    expect(rest.result).toEqual(whole.result)
  }, 60_000)

  it('takes predictors of every active latent, not only of the sample', async () => {
    const [prompt] = prompts
    if (!prompt) throw new Error('there is a prompt')
    const found = await predict(bench, prompts, prompt, Settings.parse(settings), 0, quietTask())
    for (const scores of found.predictions.values()) for (const latent of found.active) expect(scores.has(latent)).toBe(true)
    expect(found.active.length).toBeGreaterThan(100)
    expect(promptIds(bench.sessions.model, prompt.prompt).length).toBeGreaterThan(25)
  })
})
