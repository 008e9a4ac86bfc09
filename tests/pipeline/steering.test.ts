import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forwardResid, logSumExp, promptIds } from '../../src/main/models'
import { readRows, readSafetensors } from '../../src/main/tensors/safetensors'
import { openBench, verifyLatents } from '../../src/main/attribution'
import { openSession } from '../../src/main/runtime'
import { compareRuns } from '../../src/main/steering/compare'
import { openSteering } from '../../src/main/steering/open'
import { readColumns, startReading } from '../../src/main/steering/read'
import { Cancelled } from '../../src/shared/errors'
import { DEFAULT_GENERATION, InterventionMode, InterventionPositions } from '../../src/shared/records/steering'
import type { Comparison, ComparisonColumn, GenerationSettings, Intervention, Recipe } from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { openStoryteller, STEERING_SUBJECTS, strongestLatent, suffixLogits, type SteeringSubject } from '../support/steering'

/**
 * Two ways to the same float32 numbers differ by the order of their sums alone: with d_model up to 192 and 6 layers that is a few
 * 1e-6 in a log-probability. 1e-4 leaves room for other processors' kernels and is far below any effect of an edit.
 */
const SAME = 1e-4

const SAMPLED: Partial<GenerationSettings> = { temperature: 1, topK: 40, topP: 0.95 }

function recipe(name: string, interventions: Intervention[], keepError = true): Recipe {
  return { id: name, name, interventions, keepError }
}

async function compare(
  subject: SteeringSubject,
  recipes: Recipe[],
  settings: Partial<GenerationSettings> = {},
  score = false
): Promise<Comparison> {
  const request = {
    prompt: subject.prompt,
    recipes,
    settings: { ...DEFAULT_GENERATION, maxTokens: 6, stopAtEnd: false, ...settings },
    target: { id: 5 },
    score
  }
  return compareRuns(subject.bench, request, quietTask(), () => undefined)
}

const idsOf = (column: ComparisonColumn | undefined): number[] => column?.tokens.map(({ id }) => id) ?? []

function expectSame(left: ComparisonColumn | undefined, right: ComparisonColumn | undefined): void {
  expect(idsOf(left)).toEqual(idsOf(right))
  left?.tokens.forEach(({ logprob, targetProbability }, index) => {
    expect(Math.abs(logprob - (right?.tokens[index]?.logprob ?? NaN))).toBeLessThan(SAME)
    expect(Math.abs((targetProbability ?? NaN) - (right?.tokens[index]?.targetProbability ?? NaN))).toBeLessThan(SAME)
  })
}

describe.each(STEERING_SUBJECTS)('steering $name', ({ open }) => {
  let subject: SteeringSubject
  /** The latent that is strongest at the last position of the prompt, and its activation there. */
  let strongest: { latent: number; activation: number }
  /** Every mode with every scope, strong enough to change the numbers, and both treatments of the error. */
  let everything: Recipe[]

  beforeAll(async () => {
    subject = await open()
    strongest = await strongestLatent(subject)
    const { latent, activation } = strongest
    const coefficients = {
      add: activation,
      set: 2 * activation,
      scale: -1,
      ablate: 0,
      clamp: activation / 2,
      project: 0,
      cap: activation / 2
    }
    everything = InterventionMode.options.flatMap((mode, row) =>
      InterventionPositions.options.map((positions, column) =>
        recipe(
          `${mode} ${positions}`,
          [{ latent, mode, coefficient: coefficients[mode], positions, ...(positions === 'range' ? { range: [1, 3] } : {}) }],
          (row + column) % 4 !== 3
        )
      )
    )
  })
  afterAll(() => subject.release())

  it('repeats the baseline exactly when a recipe changes nothing, greedy and sampled', async () => {
    const { latent } = strongest
    const idle = [
      recipe('empty', []),
      recipe('add nothing', [{ latent, mode: 'add', coefficient: 0, positions: 'all' }]),
      recipe('scale by one', [{ latent, mode: 'scale', coefficient: 1, positions: 'all' }])
    ]
    for (const settings of [{}, SAMPLED]) {
      const { columns } = await compare(subject, idle, settings)
      for (const column of columns.slice(1)) expect(column.tokens).toEqual(columns[0]?.tokens)
    }
  })

  it('gives with the cache what reading the whole text at once gives, for every mode and scope', async () => {
    const { columns } = await compare(subject, everything)
    // Adding and setting always act, so a lost edit cannot pass for an equal one.
    for (const { recipe: run, tokens } of columns.filter(({ recipe: run }) => /^(add|set)/.test(run?.name ?? ''))) {
      expect(
        tokens.map(({ logprob }) => logprob),
        run?.name
      ).not.toEqual(columns[0]?.tokens.map(({ logprob }) => logprob))
    }
    const steering = await openSteering(subject.bench, everything)
    const { model } = steering.plain
    const ids = promptIds(model, subject.prompt)
    for (const { recipe: run, tokens } of columns) {
      const text = [...ids, ...tokens.slice(0, -1).map(({ id }) => id)]
      const select = tokens.map((_, index) => ids.length - 1 + index)
      // Compiled recipes are found by the recipe itself.
      const own = everything.find(({ id }) => id === run?.id) ?? null
      const { logits } = await readColumns(startReading(steering, [own]), { text: [text], promptLength: ids.length, select })
      const size = model.config.d_vocab
      tokens.forEach(({ id, logprob }, index) => {
        const row = logits.data.subarray(index * size, (index + 1) * size)
        expect(Math.abs((row[id] ?? NaN) - logSumExp(row) - logprob), `${run?.name ?? 'baseline'}, token ${index}`).toBeLessThan(SAME)
      })
    }
  })

  it('gives a column in a batch of many what it gives alone', async () => {
    const together = await compare(subject, everything)
    for (const index of [5, 11]) {
      const alone = await compare(subject, everything.slice(index, index + 1))
      expectSame(alone.columns[1], together.columns[index + 1])
      expectSame(alone.columns[0], together.columns[0])
    }
  })

  it('repeats a text for the same seed, whatever other columns there are, and changes it with the seed', async () => {
    const one = recipe('one', [{ latent: strongest.latent, mode: 'add', coefficient: strongest.activation, positions: 'all' }])
    const many = await compare(subject, [...everything.slice(0, 3), one], { ...SAMPLED, maxTokens: 8 })
    const alone = await compare(subject, [one], { ...SAMPLED, maxTokens: 8 })
    const other = await compare(subject, [one], { ...SAMPLED, maxTokens: 12, seed: 2 })
    expect(idsOf(many.columns.at(-1))).toEqual(idsOf(alone.columns[1]))
    expect(idsOf(other.columns[1])).not.toEqual(idsOf(alone.columns[1]))
  })

  it('adds the decoder row as it is stored: the same as a displacement made by hand', async () => {
    const { latent, activation } = strongest
    const { columns } = await compare(subject, [recipe('add', [{ latent, mode: 'add', coefficient: activation, positions: 'all' }])], {
      maxTokens: 1
    })
    const row = await readRows(await readSafetensors(subject.saeFile), 'W_dec', [latent])
    const logits = await suffixLogits(subject, (value, _, index) => value + activation * (row[index] ?? NaN))
    const [token] = columns[1]?.tokens ?? []
    expect(Math.abs((logits[token?.id ?? -1] ?? NaN) - logSumExp(logits) - (token?.logprob ?? NaN))).toBeLessThan(SAME)
  })

  it('takes away exactly what the latent put in when it is ablated', async () => {
    const { latent } = strongest
    const { columns } = await compare(subject, [recipe('ablate', [{ latent, mode: 'ablate', coefficient: 0, positions: 'all' }])], {
      maxTokens: 1
    })
    const ids = promptIds(subject.bench.sessions.model, subject.prompt)
    const resid = await forwardResid(subject.bench.sessions, ids, subject.sae.hook)
    const { latents, Z, rows, tokenScale } = await subject.sae.encoder.encode(resid.data, ids.length)
    const column = latents.indexOf(latent)
    const width = subject.bench.sessions.model.config.d_model
    const logits = await suffixLogits(
      subject,
      (value, position, index) =>
        value - (Z[position * latents.length + column] ?? NaN) * (tokenScale[position] ?? NaN) * (rows[column * width + index] ?? NaN)
    )
    const [token] = columns[1]?.tokens ?? []
    expect(Math.abs((logits[token?.id ?? -1] ?? NaN) - logSumExp(logits) - (token?.logprob ?? NaN))).toBeLessThan(SAME)
  })

  it('ablates as the exact check of an attribution does, in the reconstruction alone', async () => {
    const { latent } = strongest
    const { sessions, versions } = subject.bench
    const { encoder, hook } = subject.sae
    const bench = openBench({ openSession, sessions, encoder, hook, versions })
    const request = { prompt: subject.prompt, method: 'gradsae' as const, target: { id: 5 }, includeSpecial: true }
    const { effects } = await verifyLatents(bench, request, [{ latent, score: 0 }], quietTask(), () => undefined)
    await bench.release()
    const ablate = recipe('ablate', [{ latent, mode: 'ablate', coefficient: 0, positions: 'all' }], false)
    const { columns } = await compare(subject, [recipe('reconstruction', [], false), ablate], { maxTokens: 1 })
    const [before = NaN, after = NaN] = columns.slice(1).map(({ tokens }) => tokens[0]?.targetProbability ?? NaN)
    expect(Math.abs(before - after - (effects[0]?.exactEffect ?? NaN))).toBeLessThan(SAME * Math.max(before, after))
  })

  it('changes nothing when an activation is set to what it is', async () => {
    const { latent, activation } = strongest
    const { columns } = await compare(
      subject,
      [recipe('own value', [{ latent, mode: 'set', coefficient: activation, positions: 'last' }])],
      { maxTokens: 1 }
    )
    expectSame(columns[1], columns[0])
  })

  it('scores the baseline against itself as no divergence, and steered columns as some', async () => {
    const strong = recipe('strong', [{ latent: strongest.latent, mode: 'add', coefficient: 3 * strongest.activation, positions: 'all' }])
    const { columns } = await compare(subject, [recipe('empty', []), strong], {}, true)
    const [baseline, empty, steered] = columns
    for (const column of [baseline, empty]) {
      expect(column?.scores?.kl).toEqual([0, 0, 0, 0, 0, 0])
      column?.scores?.baselineLogprob.forEach((logprob, index) => {
        expect(Math.abs(logprob - (column.tokens[index]?.logprob ?? NaN))).toBeLessThan(SAME)
      })
      const mean = (column?.tokens ?? []).reduce((sum, { logprob }) => sum + logprob, 0) / 6
      expect(Math.abs(Math.log(column?.scores?.perplexity ?? NaN) + mean)).toBeLessThan(SAME)
    }
    expect(steered?.scores?.kl).toHaveLength(6)
    expect(Math.max(...(steered?.scores?.kl ?? []))).toBeGreaterThan(1e-3)
  })

  it('stops within one token when it is cancelled', async () => {
    const controller = new AbortController()
    const seen: number[] = []
    const task = { signal: controller.signal, progress: () => undefined }
    const request = {
      prompt: subject.prompt,
      recipes: everything.slice(0, 2),
      settings: { ...DEFAULT_GENERATION, maxTokens: 12, stopAtEnd: false },
      target: null,
      score: true
    }
    const run = compareRuns(subject.bench, request, task, (_, index) => {
      seen.push(index)
      if (index === 2) controller.abort()
    })
    await expect(run).rejects.toBeInstanceOf(Cancelled)
    expect(Math.max(...seen)).toBe(2)
  })

  it('streams every token of every column once, in order, as the result has them', async () => {
    const streamed: number[][] = [[], [], []]
    const request = {
      prompt: subject.prompt,
      recipes: [recipe('empty', []), everything[0] ?? recipe('', [])],
      settings: { ...DEFAULT_GENERATION, maxTokens: 4 },
      target: null,
      score: false
    }
    const { columns } = await compareRuns(subject.bench, request, quietTask(), (column, index, token) => {
      expect(streamed[column]).toHaveLength(index)
      streamed[column]?.push(token.id)
    })
    expect(streamed).toEqual(columns.map(idsOf))
  })

  it('says what is wrong with a request before anything runs', async () => {
    const { n_ctx, d_vocab } = subject.bench.sessions.model.config
    const tokens = promptIds(subject.bench.sessions.model, subject.prompt).length
    const last = subject.sae.encoder.sae.d_sae - 1
    const edit: Intervention = { latent: last + 1, mode: 'add', coefficient: 1, positions: 'all' }
    await expect(compare(subject, [], { maxTokens: n_ctx })).rejects.toThrow(
      `The prompt has ${tokens} tokens and ${n_ctx} more are to be generated, but the model's context holds ${n_ctx}.`
    )
    await expect(compare(subject, [recipe('beyond', [edit])])).rejects.toThrow(`has no latent ${last + 1}.`)
    const settings = { ...DEFAULT_GENERATION, maxTokens: 6 }
    const request = { prompt: subject.prompt, recipes: [], settings, target: { id: d_vocab }, score: false }
    await expect(compareRuns(subject.bench, request, quietTask(), () => undefined)).rejects.toThrow(
      `There is no token with the id ${d_vocab}.`
    )
    await expect(
      compareRuns({ ...subject.bench, sae: null }, { ...request, target: null, recipes: everything }, quietTask(), () => undefined)
    ).rejects.toThrow('cannot be used: no SAE is open whose latents it could name.')
  })

  it('says so when an edit makes the numbers overflow', async () => {
    const huge = recipe('too much', [{ latent: strongest.latent, mode: 'add', coefficient: 1e300, positions: 'all' }])
    await expect(compare(subject, [huge])).rejects.toThrow(
      'The model produced numbers that are not finite while generating token 1 of "too much".'
    )
  })
})

describe('the end of a text', () => {
  let subject: SteeringSubject
  beforeAll(async () => {
    subject = await openStoryteller()
  })
  afterAll(() => subject.release())

  it('is the end-of-text token when it comes, kept among the tokens but not in the text, while other columns go on', async () => {
    const noise = recipe('long', [
      { latent: (await strongestLatent(subject)).latent, mode: 'add', coefficient: 40, positions: 'generated' }
    ])
    const alone = await compare(subject, [], { maxTokens: 300, stopAtEnd: true })
    const { columns } = await compare(subject, [noise], { maxTokens: idsOf(alone.columns[0]).length + 2, stopAtEnd: true })
    const [baseline, steered] = columns
    expect(baseline?.finished).toBe('end')
    expect(baseline?.tokens.at(-1)?.special).toBe(true)
    expect(baseline?.tokens.slice(0, -1).some(({ special }) => special)).toBe(false)
    expect(baseline?.text).not.toContain('<|')
    expect(idsOf(steered).length).not.toBe(idsOf(baseline).length)
    expectSame(alone.columns[0], baseline)
  })
})
