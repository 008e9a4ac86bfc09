/** Measures of texts beside plain recomputations: whole texts at once, without caches, batches or pieces. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hookValues } from '../../src/main/attribution'
import { forwardResid, promptIds } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { activationOf, createEncoder, createLens, openSae, readDirections } from '../../src/main/saes'
import { OWN } from '../../src/main/steering/compile'
import { compareRuns } from '../../src/main/steering/compare'
import { measureText, measureTexts, promotedTokens, type TextToMeasure } from '../../src/main/steering/measures'
import { readTexts } from '../../src/main/steering/measures/read-texts'
import { openSteering, saesOf } from '../../src/main/steering/open'
import { vectorToText } from '../../src/main/steering/vector-text'
import { Cancelled } from '../../src/shared/errors'
import { ConceptSettings, type ColumnMeasures } from '../../src/shared/records/scores'
import { DEFAULT_GENERATION, type Intervention, type Recipe } from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { failureOf } from '../support/failing'
import { logprobOf, plainLogits, type Change } from '../support/plain-chain'
import { openStoryteller, type SteeringSubject } from '../support/steering'
import { writeTranscoder } from '../support/transcoder'

/** Two ways to the same float32 numbers differ by the order of their sums: a few 1e-6 in a log-probability; activations here reach 50. */
const SAME = 1e-4
const CLOSE = 1e-3

const OTHERS = [{ text: 'Tom had a red ball. One day' }, { text: 'The dog ran to the park and' }]
const TASK = quietTask()

let subject: SteeringSubject
let ids: number[]
/** Active latents of the prompt, the strongest at its last position first. */
let latents: number[]
beforeAll(async () => {
  subject = await openStoryteller()
  ids = promptIds(subject.bench.sessions.model, subject.prompt)
  const value = (await forwardResid(subject.bench.sessions, ids, subject.sae.hook)).data
  const active = await subject.sae.encoder.encode(value, ids.length)
  latents = [...active.latents].sort((a, b) => activationOf(active, ids.length - 1, b) - activationOf(active, ids.length - 1, a))
})
afterAll(() => subject.release())

const recipe = (name: string, interventions: Intervention[], more: Partial<Recipe> = {}): Recipe => ({
  id: name,
  name,
  interventions,
  keepError: true,
  ...more
})
const adds = (coefficient: number): Recipe =>
  recipe(`add ${coefficient}`, [{ latent: latents[0] ?? 0, mode: 'add', coefficient, positions: 'all' }])

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean log-probability of a text after a prompt, from one plain pass. */
async function plainMean(prompt: readonly number[], text: readonly number[]): Promise<number> {
  const logits = await plainLogits(subject.bench.sessions, [...prompt, ...text], [])
  return mean(text.map((id, i) => logprobOf(logits[prompt.length - 1 + i] ?? new Float32Array(), id)))
}

/** Mean activation of every latent over the generated positions, from one plain pass in which `changes` are made. */
async function plainActivations(text: readonly number[], changes: readonly Change[]): Promise<Float64Array> {
  const { encoder, hook } = subject.sae
  let own = new Float32Array()
  await plainLogits(subject.bench.sessions, [...ids, ...text], [...changes, { hook, change: (values) => void (own = values.slice()) }])
  return meansOf(own, text.length, encoder.sae.d_sae)
}

async function meansOf(values: Float32Array, generated: number, d_sae: number): Promise<Float64Array> {
  const positions = ids.length + generated
  const active = await subject.sae.encoder.encode(values, positions)
  return Float64Array.from({ length: d_sae }, (_, latent) =>
    mean(Array.from({ length: generated }, (_each, i) => activationOf(active, ids.length + i, latent)))
  )
}

function expectChanges({ rose, fell }: ColumnMeasures, before: Float64Array, after: Float64Array): void {
  const change = (latent: number): number => (after[latent] ?? NaN) - (before[latent] ?? NaN)
  for (const [list, sign] of [
    [rose, 1],
    [fell, -1]
  ] as const) {
    expect(list.length).toBeGreaterThan(0)
    for (const found of list) {
      expect(Math.abs(found.before - (before[found.latent] ?? NaN))).toBeLessThan(CLOSE)
      expect(Math.abs(found.after - (after[found.latent] ?? NaN))).toBeLessThan(CLOSE)
    }
    // Nothing that is left out changed more than the least that is listed.
    const least = Math.min(...list.map(({ latent }) => sign * change(latent)))
    const listed = new Set(list.map(({ latent }) => latent))
    const missed = [...before.keys()].filter((latent) => !listed.has(latent) && sign * change(latent) > least + CLOSE)
    expect(list.length === 12 ? missed : []).toEqual([])
  }
}

describe('a comparison that is measured', () => {
  it('has every number that a plain recomputation has', async () => {
    const strong = adds(40)
    const latent = latents[0] ?? 0
    const concept = ConceptSettings.parse({ keywords: ['sad', 'Lily'], pattern: 'cr(y|ied)', otherPrompts: OTHERS })
    const settings = { ...DEFAULT_GENERATION, maxTokens: 14, stopAtEnd: false }
    const request = { prompt: subject.prompt, recipes: [strong], settings, target: null, score: true, concept }
    const comparison = await compareRuns(subject.bench, request, TASK, () => undefined)
    expect(comparison.concept).toEqual(concept)
    const [base, column] = comparison.columns
    const [own, baseline] = [column?.tokens.map(({ id }) => id) ?? [], base?.tokens.map(({ id }) => id) ?? []]
    expect(own).not.toEqual(baseline)
    const measures = column?.measures
    expect(measures).toBeTruthy()
    if (!measures?.concept || !measures.relatedness) throw new Error('the column is measured')

    expect(Math.abs(Math.log(measures.fluency.perplexity) + (await plainMean(ids, own)))).toBeLessThan(SAME)
    expect(Math.abs(Math.log(measures.fluency.baselinePerplexity) + (await plainMean(ids, baseline)))).toBeLessThan(SAME)
    // The second pass and the third read the same text in two ways.
    expect(Math.abs(Math.log(measures.fluency.perplexity / (column?.scores?.perplexity ?? NaN)))).toBeLessThan(SAME)
    expect(Math.abs(measures.relatedness.given - (await plainMean(ids, own)))).toBeLessThan(SAME)
    const others = await Promise.all(OTHERS.map((prompt) => plainMean(promptIds(subject.bench.sessions.model, prompt), own)))
    expect(Math.abs(measures.relatedness.givenOthers - mean(others))).toBeLessThan(SAME)

    const before = await plainActivations(own, [])
    expect(Math.abs((measures.concept.activation ?? NaN) - (before[latent] ?? NaN))).toBeLessThan(CLOSE)
    expect(Math.abs((measures.concept.baselineActivation ?? NaN) - ((await plainActivations(baseline, []))[latent] ?? NaN))).toBeLessThan(
      CLOSE
    )
    const promoted = (await promotedTokens(subject.bench.sessions, subject.sae, [latent], 20)).get(latent) ?? []
    expect(promoted).toHaveLength(20)
    expect(measures.concept.promoted).toBe(own.filter((id) => promoted.includes(id)).length / own.length)

    const row = (await readDirections(subject.sae.encoder.sae, [latent])).raw.get(latent) ?? new Float32Array()
    // The edit at the hook point, and the value there after it, by hand.
    const value = (await forwardResid(subject.bench.sessions, [...ids, ...own], subject.sae.hook)).data
    const edited = value.map((x, i) => x + 40 * (row[i % row.length] ?? 0))
    expectChanges(measures, before, await meansOf(edited, own.length, before.length))
    expect(measures.rose.map((each) => each.latent)).toContain(latent)
  })

  it('leaves the baseline without changed latents, and a text like it at a concept of 0', async () => {
    const concept = ConceptSettings.parse({ latent: { latent: latents[1] ?? 0 } })
    const settings = { ...DEFAULT_GENERATION, maxTokens: 5 }
    const request = { prompt: subject.prompt, recipes: [adds(0)], settings, target: null, score: false, concept }
    const { columns } = await compareRuns(subject.bench, request, TASK, () => undefined)
    for (const { measures } of columns) {
      expect(measures).toMatchObject({ rose: [], fell: [], overall: 0, relatedness: null, concept: { value: 0 } })
      expect(measures?.concept?.activation).toBe(measures?.concept?.baselineActivation)
      expect(measures?.fluency.perplexity).toBe(measures?.fluency.baselinePerplexity)
    }
  })
})

describe('texts that are measured together', () => {
  const settings = ConceptSettings.parse({ keywords: ['sad'], otherPrompts: OTHERS })
  const text = (prompt: string, generated: string, own: Recipe | null): TextToMeasure => {
    const { tokenizer, ...model } = subject.bench.sessions.model
    return {
      promptIds: promptIds({ tokenizer, ...model }, { text: prompt }),
      generatedIds: tokenizer.encodeRaw(generated),
      recipe: own,
      baselineIds: tokenizer.encodeRaw(' very happy. She ran home to her mum.')
    }
  }

  it('have what each has alone, whatever their lengths, prompts and recipes', async () => {
    const frozen = recipe('frozen', adds(-6).interventions, { freezeAttention: true })
    const gated = recipe('gated', [
      {
        latent: latents[1] ?? 0,
        mode: 'set',
        coefficient: 20,
        positions: 'generated',
        condition: { kind: 'activation', latent: latents[0] ?? 0, is: 'above', bound: 0 }
      }
    ])
    const texts = [
      text('Once upon a time', ' there was a sad girl.', adds(8)),
      text('Once upon a time', ' there was a very sad girl who lost her ball in the park.', frozen),
      text('Tom had a red ball. One day', ' he lost it.', gated),
      text('Tom had a red ball. One day', ' he lost it.', null),
      text('Lily was', ' sad', adds(8))
    ]
    const together = await measureTexts(subject.bench, texts, settings, TASK)
    for (const [i, own] of texts.entries()) {
      const alone = await measureText(subject.bench, own.promptIds, own.generatedIds, own.recipe, own.baselineIds, settings, TASK)
      const found = together[i]
      expect(Math.abs(Math.log((found?.fluency.perplexity ?? NaN) / alone.fluency.perplexity))).toBeLessThan(SAME)
      expect(Math.abs((found?.relatedness?.givenOthers ?? NaN) - (alone.relatedness?.givenOthers ?? NaN))).toBeLessThan(SAME)
      // A mapping with slope at most 2 of numbers that agree to 1e-4, of which there are three.
      expect(Math.abs((found?.overall ?? NaN) - alone.overall)).toBeLessThan(CLOSE)
      expect(found?.rose.map(({ latent }) => latent).slice(0, 3)).toEqual(alone.rose.map(({ latent }) => latent).slice(0, 3))
      for (const [j, { after }] of alone.rose.slice(0, 3).entries())
        expect(Math.abs((found?.rose[j]?.after ?? NaN) - after)).toBeLessThan(CLOSE)
    }
    // The prompt of the third text is one of the others: it is not another to itself.
    expect(together[2]?.relatedness).not.toBeNull()
  })

  it('have what they have in one piece when they are read token by token', async () => {
    const own = text('Once upon a time', ' there was a sad girl.', adds(8))
    const steering = await openSteering(subject.bench, [own.recipe], [OWN])
    const row = { ids: [...own.promptIds, ...own.generatedIds], promptLength: own.promptIds.length, logprobs: true, encoded: [OWN] }
    const rows = [
      { ...row, recipe: null },
      { ...row, recipe: own.recipe },
      { ...row, ids: row.ids.slice(0, -2), recipe: null }
    ]
    const whole = await readTexts(steering, saesOf(subject.bench), rows, TASK)
    const pieces = await readTexts(steering, saesOf(subject.bench), rows, TASK, 1)
    for (const [i, { logprobs, means }] of whole.entries()) {
      expect(logprobs).toHaveLength((rows[i]?.ids.length ?? 0) - row.promptLength)
      logprobs.forEach((logprob, at) => expect(Math.abs(logprob - (pieces[i]?.logprobs[at] ?? NaN))).toBeLessThan(SAME))
      const [one, other] = [means.get(OWN), pieces[i]?.means.get(OWN)]
      expect(Math.abs((one?.largest ?? NaN) - (other?.largest ?? NaN))).toBeLessThan(CLOSE)
      one?.mean.forEach((value, latent) => expect(Math.abs(value - (other?.mean[latent] ?? NaN))).toBeLessThan(CLOSE))
    }
    // Of one prefix, what is shorter has the same numbers.
    whole[2]?.logprobs.forEach((logprob, at) => expect(Math.abs(logprob - (whole[0]?.logprobs[at] ?? NaN))).toBeLessThan(SAME))
  })

  it('have changed latents where an edit comes before the SAE of the bench', async () => {
    const own = text('Once upon a time', ' there was a girl.', null)
    const width = subject.bench.sessions.model.config.d_model
    const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i))
    const hook = 'blocks.1.hook_resid_post'
    const early = recipe('early', [{ direction: 'd', latent: 0, mode: 'add', coefficient: 2, positions: 'all' }], {
      directions: [{ id: 'd', name: 'd', hook, vector: vectorToText(vector), origin: 'a sine' }]
    })
    const measures = await measureText(subject.bench, ids, own.generatedIds, early, own.baselineIds, settings, TASK)
    const add: Change = { hook, change: (values) => values.forEach((x, i) => (values[i] = x + 2 * (vector[i % width] ?? 0))) }
    expectChanges(measures, await plainActivations(own.generatedIds, []), await plainActivations(own.generatedIds, [add]))
    // A direction is no latent: only keywords say what the concept is.
    expect(measures.concept).toMatchObject({ promoted: null, activation: null, keywords: 0 })
  })

  it('are read by a transcoder where it reads, steered before that place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gradsae-test-'))
    const { sessions } = subject.bench
    const [reads, hook] = ['blocks.3.ln2.hook_normalized', 'blocks.3.hook_mlp_out']
    const width = sessions.model.config.d_model
    const encoder = await createEncoder(openSession, await openSae(await writeTranscoder(folder, width, reads, hook)), 'cpu')
    const vector = Float32Array.from({ length: width }, (_, i) => Math.cos(i))
    const early = recipe('early', [{ direction: 'd', latent: 0, mode: 'add', coefficient: 3, positions: 'all' }], {
      directions: [{ id: 'd', name: 'd', hook: 'blocks.1.hook_resid_post', vector: vectorToText(vector), origin: 'a cosine' }]
    })
    const generated = sessions.model.tokenizer.encodeRaw(' there was a girl.')
    const concept = ConceptSettings.parse({ latent: { latent: 7 } })
    const measures = await measureText({ sessions, sae: { encoder, hook, reads } }, ids, generated, early, [5, 6], concept, TASK)
    const { input, value } = await hookValues({ sessions, hook, reads }, [...ids, ...generated])
    const active = await encoder.encode(input, ids.length + generated.length, value)
    const expected = (latent: number): number => mean(generated.map((_, i) => activationOf(active, ids.length + i, latent)))
    expect(Math.abs((measures.concept?.activation ?? NaN) - expected(7))).toBeLessThan(CLOSE)
    // The edit comes before what the transcoder reads, so it changes what the transcoder says.
    expect(measures.rose.length).toBeGreaterThan(0)
    for (const { latent, before, after } of [...measures.rose, ...measures.fell]) {
      expect(Math.abs(before - expected(latent))).toBeLessThan(CLOSE)
      expect(after).not.toBe(before)
    }
    await encoder.release()
    await rm(folder, { recursive: true, force: true })
  })

  it('are not worth anything where they are empty', async () => {
    const measures = await measureText(subject.bench, ids, [], adds(3), [], settings, TASK)
    expect(measures).toMatchObject({ overall: 0, rose: [], fell: [], fluency: { value: 0, perplexity: 1 } })
  })
})

describe('promoted tokens', () => {
  it('begin with those of the logit lens, whose norm has no bias here', async () => {
    const some = latents.slice(0, 5)
    const lens = await createLens(openSession, subject.bench.sessions.model, 'cpu')
    const { raw } = await readDirections(subject.sae.encoder.sae, some)
    const found = await promotedTokens(subject.bench.sessions, subject.sae, some, 10)
    for (const latent of some) {
      const [looked] = await lens.look(raw.get(latent) ?? new Float32Array())
      expect(found.get(latent)).toEqual(looked?.promoted.map(({ id }) => id))
    }
    await lens.release()
  })
})

describe('measuring', () => {
  it('is refused where the concept is of an SAE that is not open, before anything is generated', async () => {
    const concept = ConceptSettings.parse({ latent: { sae: 'feedbeef', latent: 3 } })
    const request = { prompt: subject.prompt, recipes: [], settings: DEFAULT_GENERATION, target: null, score: false, concept }
    let tokens = 0
    expect(await failureOf(() => compareRuns(subject.bench, request, TASK, () => void tokens++))).toMatch(
      /^The latent 3 that texts are scored for is of an SAE that is not open: feedbeef\. /
    )
    expect(tokens).toBe(0)
    const outside = { ...request, concept: ConceptSettings.parse({ latent: { latent: 99999 } }) }
    await expect(compareRuns(subject.bench, outside, TASK, () => undefined)).rejects.toMatchObject({ code: 'LATENT_UNKNOWN' })
  })

  it('is refused where a text does not fit after one of the other prompts', async () => {
    const { n_ctx } = subject.bench.sessions.model.config
    const long = ConceptSettings.parse({ otherPrompts: [{ ids: new Array<number>(n_ctx - 1).fill(5) }] })
    await expect(measureText(subject.bench, ids, [1, 2, 3], null, [1], long, TASK)).rejects.toMatchObject({ code: 'CONTINUATION_TOO_LONG' })
  })

  it('ends when it is cancelled', async () => {
    const controller = new AbortController()
    controller.abort()
    const task = { signal: controller.signal, progress: () => undefined }
    await expect(measureText(subject.bench, ids, [1, 2], null, [1], ConceptSettings.parse({}), task)).rejects.toThrow(Cancelled)
  })
})
