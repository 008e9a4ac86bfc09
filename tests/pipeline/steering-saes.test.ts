/** Recipes of several SAEs: opened by the engine from where recipes say they lie, under whatever name, and transcoders among them. */
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel } from '../../src/main/models'
import { f32, floatsOf, i64 } from '../../src/main/runtime'
import type { Feeds, Tensor } from '../../src/main/runtime/types'
import { openSae } from '../../src/main/saes'
import { compareRuns } from '../../src/main/steering/compare'
import { vectorToText } from '../../src/main/steering/vector-text'
import { DEFAULT_GENERATION, type Direction, type Intervention, type Recipe, type RecipeSae } from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { openTestBench } from '../support/benches'
import { handlerTask, openEngine } from '../support/engine'
import { failureOf } from '../support/failing'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL, EVERY_TINY_MODEL } from '../support/models'
import { logprobOf } from '../support/plain-chain'
import { writeTranscoder } from '../support/transcoder'

const SAES = join(DEFAULT_MODEL, '../saes')
const FIRST = join(SAES, 'blocks.1.hook_resid_post-topk-2048')
const SECOND = join(SAES, 'blocks.3.hook_resid_post-topk-2048')
const SETTINGS = { ...DEFAULT_GENERATION, maxTokens: 4 }

const recipeOf = (name: string, interventions: Intervention[], more: Partial<Recipe> = {}): Recipe => ({
  id: name,
  name,
  interventions,
  keepError: true,
  ...more
})

describe('SAEs of recipes', () => {
  const engine = openEngine()
  const compare = (sae: string | null, recipes: Recipe[]) =>
    Promise.resolve(
      engine['steering.compare'](
        {
          model: DEFAULT_MODEL,
          sae,
          hook: null,
          device: 'cpu',
          prompt: { text: 'Once upon a time there was a girl named' },
          recipes,
          settings: SETTINGS,
          target: null,
          score: true
        },
        handlerTask()
      )
    )
  const named = async (path: string): Promise<RecipeSae> => {
    const { name, hash } = await openSae(path)
    return { name, path, hash, hook: null, reading: {} }
  }
  const edits = (sae: string | undefined): Intervention[] => [
    { ...(sae ? { sae } : {}), latent: 12, mode: 'set', coefficient: 6, positions: 'all' },
    { ...(sae ? { sae } : {}), latent: 40, mode: 'add', coefficient: 5, positions: 'last' }
  ]

  it('write what they write on a bench of their own, with and without their error', async () => {
    const first = await named(FIRST)
    for (const keepError of [true, false]) {
      const own = await compare(FIRST, [recipeOf('own', edits(undefined), { keepError })])
      for (const sae of [SECOND, null]) {
        const other = await compare(sae, [recipeOf('named', edits(first.hash), { keepError, saes: [first] })])
        expect(other.columns[1]?.tokens).toEqual(own.columns[1]?.tokens)
        expect(other.columns[1]?.scores).toEqual(own.columns[1]?.scores)
        expect(other.provenance.others).toMatchObject([{ hash: first.hash, path: FIRST, hook: 'blocks.1.hook_resid_post' }])
        expect(own.provenance.others).toBeUndefined()
      }
    }
  })

  it('may be that of the bench, under its name or without, and are then one', async () => {
    const first = await named(FIRST)
    const set: Intervention = { latent: 12, mode: 'set', coefficient: 4, positions: 'all' }
    const twice: Intervention = { latent: 12, mode: 'scale', coefficient: 2, positions: 'all' }
    const more = { keepError: false, saes: [first] }
    const { columns } = await compare(FIRST, [
      recipeOf('plain', [set, twice], more),
      recipeOf('named', [{ ...set, sae: first.hash }, twice], more),
      recipeOf('at once', [{ ...set, coefficient: 8 }], more)
    ])
    for (const column of columns.slice(2)) expect(column.tokens).toEqual(columns[1]?.tokens)
    expect(columns[1]?.tokens[0]?.logprob).not.toBe(columns[0]?.tokens[0]?.logprob)
  })

  it('are refused where they are not what the recipe says', async () => {
    const [first, second] = [await named(FIRST), await named(SECOND)]
    const recipe = (sae: RecipeSae): Recipe => recipeOf('elsewhere', edits(sae.hash), { saes: [sae] })
    const refused = 'The recipe "elsewhere" edits latents of an SAE that is not at hand'
    expect(await failureOf(() => compare(SECOND, [recipe({ ...first, path: SECOND })]))).toContain(
      `${refused}: ${SECOND} is not ${first.name} (${first.hash}) but ${second.hash}.`
    )
    const nowhere = join(await temporaryFolder(), 'moved')
    expect(await failureOf(() => compare(SECOND, [recipe({ ...first, path: nowhere })]))).toContain(
      `${refused}: ${first.name} is not at ${nowhere}.`
    )
    expect(await failureOf(() => compare(SECOND, [recipeOf('elsewhere', edits(first.hash))]))).toContain(
      `the recipe does not say where the SAE ${first.hash} lies`
    )
  })
})

/** One whose MLP reads what attention has added to, one whose MLP does not, one with norms after the layers too. */
const FOLDERS = EVERY_TINY_MODEL.filter((folder) => ['tiny-gpt2', 'tiny-pythia', 'tiny-gemma2'].includes(basename(folder)))
const IDS = [0, 9, 14, 3, 27, 31, 5]
const READS = 'blocks.1.ln2.hook_normalized'
const WRITES = 'blocks.1.hook_mlp_out'

describe.each(FOLDERS.map((folder) => ({ folder, name: basename(folder) })))('a transcoder of $name beside a direction', ({ folder }) => {
  it('reads what the direction has changed before it', async () => {
    const model = await openModel(folder)
    const { d_model } = model.config
    const bench = await openTestBench(folder, await writeTranscoder(await temporaryFolder(), d_model, READS, WRITES))
    const vector = Float32Array.from({ length: d_model }, (_, i) => Math.cos(i))
    const before = 'blocks.0.hook_resid_post'
    const direction = (hook: string, width = d_model): Direction => ({
      id: 'd',
      name: 'd',
      hook,
      vector: vectorToText(Float32Array.from({ length: width }, (_, i) => vector[i] ?? 0)),
      origin: 'a cosine'
    })
    const along: Intervention = { direction: 'd', latent: 0, mode: 'add', coefficient: 0.7, positions: 'all' }
    const set: Intervention = { latent: 11, mode: 'set', coefficient: 3, positions: 'all' }
    const run = (recipe: Recipe) =>
      compareRuns(
        { sessions: bench.sessions, sae: bench, versions: {} },
        { prompt: { ids: IDS }, recipes: [recipe], settings: { ...SETTINGS, stopAtEnd: false }, target: null, score: false },
        quietTask(),
        () => undefined
      )
    const { columns } = await run(recipeOf('both', [set, along], { directions: [direction(before)] }))
    const tokens = columns[1]?.tokens ?? []

    // The whole text at once, without caches.
    const text = [...IDS, ...tokens.slice(0, -1).map(({ id }) => id)]
    const positions = i64([text.length], [...text.keys()])
    const through = async (spec: { from: string; to: string; also?: string }, feeds: Feeds): Promise<Readonly<Record<string, Tensor>>> => {
      const given = { ...spec, cache: false }
      const takes = bench.sessions.layout(given).graph.inputs.map(({ name }) => name)
      const all: Feeds = { ...feeds, positions, select: positions }
      return (await bench.sessions.segment(given)).run(Object.fromEntries(Object.entries(all).filter(([name]) => takes.includes(name))))
    }
    const start = await through({ from: 'tokens', to: before }, { tokens: i64([1, text.length], text) })
    const moved = floatsOf(start, 'hook').map((value, i) => value + 0.7 * (vector[i % d_model] ?? NaN))
    const middle = await through({ from: before, to: WRITES, also: READS }, { hook: f32([1, text.length, d_model], moved) })
    const value = floatsOf(middle, 'hook_out')
    const active = await bench.encoder.encode(floatsOf(middle, 'also'), text.length, value)
    const u = active.latents.indexOf(11)
    // Active somewhere, so that what it reads matters.
    expect(u).toBeGreaterThanOrEqual(0)
    const edited = value.map((number, i) => {
      const at = Math.floor(i / d_model)
      return number + (3 - (active.Z[at * active.latents.length + u] ?? NaN)) * (active.rows[u * d_model + (i % d_model)] ?? NaN)
    })
    const { beside_out: beside } = middle
    const end = await through(
      { from: WRITES, to: 'logits' },
      { hook: f32([1, text.length, d_model], edited), ...(beside ? { beside } : {}) }
    )
    const logits = floatsOf(end, 'logits')
    const size = logits.length / text.length
    expect(tokens).toHaveLength(SETTINGS.maxTokens)
    tokens.forEach(({ id, logprob }, index) => {
      const at = IDS.length - 1 + index
      // As in steering.test.ts: sums of float32 in another order.
      expect(Math.abs(logprobOf(logits.subarray(at * size, (at + 1) * size), id) - logprob), `token ${index}`).toBeLessThan(1e-4)
    })

    // Between where it reads and where it writes the model cannot be cut.
    const inside = 'blocks.1.mlp.hook_post'
    expect(await failureOf(() => run(recipeOf('inside', [set, along], { directions: [direction(inside, model.config.d_mlp)] })))).toContain(
      `cannot be used: it acts between ${READS}, which ${bench.encoder.sae.name} reads, and ${WRITES}, where that writes`
    )
  })
})
