/** Labels of latents as the window and the command line ask for them: through the engine's handlers, on the default model. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'
import { beforeAll, expect, it } from 'vitest'
import { ComputeOptions } from '../../src/shared/records/latent'
import type { OptionValues } from '../../src/main/cli/command'
import { commands } from '../../src/main/cli/commands'
import { DEFAULT_SAE } from '../support/benches'
import { handlerTask, openEngine } from '../support/engine'
import { failureOf } from '../support/failing'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL } from '../support/models'

const ROOT = join(import.meta.dirname, '../..')
const STORIES = join(DEFAULT_MODEL, '../eval/val_stories.jsonl')
const outDir = join(ROOT, 'node_modules/.cache/label-computer')

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(ROOT, 'tests/support/label-computer.ts'),
      outDir,
      target: 'node18',
      rolldownOptions: { output: { entryFileNames: 'computer.mjs' } }
    }
  })
})

/** The default SAE without the labels beside it. */
async function unlabelled(): Promise<string> {
  const folder = join(await temporaryFolder(), 'sae')
  await cp(DEFAULT_SAE, folder, { recursive: true })
  await rm(join(folder, 'latents.jsonl'))
  return folder
}

/** A Neuronpedia export that explains some latents of the default SAE. */
async function exported(rows: Record<number, string>): Promise<string> {
  const folder = join(await temporaryFolder(), 'v1/storyteller/3-res')
  await mkdir(join(folder, 'explanations'), { recursive: true })
  const lines = Object.entries(rows).map(([index, description]) =>
    JSON.stringify({ modelId: 'storyteller', layer: '3-res', index, description, typeName: 'np_max-act', explanationModelName: 'a-model' })
  )
  await writeFile(join(folder, 'explanations', 'batch-0.jsonl'), lines.join('\n'))
  return folder
}

it('imported explanations stand beside our own, named, searchable, in the detail of the latent, and go again', async () => {
  const engine = openEngine(await temporaryFolder())
  const [sae, model] = [DEFAULT_SAE, DEFAULT_MODEL]
  const path = await exported({ 5: 'the quokka neuron', 7: 'nothing much' })
  const input = { sae, path, confirm: false, take: null }
  expect(await engine['labels.import'](input, handlerTask())).toMatchObject({ status: 'question', question: { reason: 'unnamed' } })
  const outcome = await engine['labels.import']({ ...input, confirm: true }, handlerTask())
  expect(outcome).toMatchObject({ status: 'imported', added: 2 })

  const { sources } = await engine['labels.sources']({ sae }, handlerTask())
  expect(sources.map(({ name }) => name)).toEqual(['latents.jsonl beside the weights', 'Neuronpedia storyteller/3-res'])
  const { found } = await engine['labels.search']({ sae, query: 'Quokka NEURON', limit: 5 }, handlerTask())
  expect(found).toHaveLength(1)
  expect(found[0]?.latent).toBe(5)
  const detail = await engine['latents.detail']({ model, sae, latent: 5, device: 'cpu' }, handlerTask())
  // Our own label has a score, the imported one has none.
  expect(detail.explanations.map(({ sourceId }) => sourceId)).toEqual(['own', sources[1]?.id])
  expect(detail.label).toBe(detail.explanations[0]?.label)
  expect(detail.explanations[1]).toMatchObject({
    label: 'the quokka neuron',
    source: 'Neuronpedia storyteller/3-res (np_max-act, a-model)'
  })
  expect(detail.measuredBy).toBeNull()

  expect(await engine['labels.remove']({ sae, id: sources[1]?.id ?? '' }, handlerTask())).toEqual({ removed: true })
  expect((await engine['labels.search']({ sae, query: 'quokka', limit: 5 }, handlerTask())).found).toEqual([])
  expect((await engine['latents.labels']({ sae }, handlerTask())).labels).toHaveLength(2048)
})

it('labels computed from stories agree with those that were computed from others of their kind', async () => {
  const engine = openEngine(await temporaryFolder())
  const [sae, model] = [await unlabelled(), DEFAULT_MODEL]
  const options = ComputeOptions.parse({ tokens: 10_000 })
  const computed = await engine['labels.compute']({ model, sae, hook: null, device: 'cpu', path: STORIES, options }, handlerTask())
  expect(computed).toMatchObject({ tokens: 10_000, resumed: 0 })
  const own = openEngine(null)
  // Latents that fire often, as latents.jsonl has it from another text of the same distribution: 10,000 tokens at a rate of 1 % are
  // 100 events, whose number has a standard deviation of 10 %, more where events come in clusters. A factor of 2 is far outside that.
  let compared = 0
  for (const latent of [0, 11, 100, 500, 1000, 1500, 2000]) {
    const there = await own['latents.detail']({ model, sae: DEFAULT_SAE, latent, device: 'cpu' }, handlerTask())
    const here = await engine['latents.detail']({ model, sae, latent, device: 'cpu' }, handlerTask())
    if ((there.rate ?? 0) < 0.01) continue
    compared += 1
    expect((here.rate ?? 0) / (there.rate ?? 1)).toBeGreaterThan(0.5)
    expect((here.rate ?? 0) / (there.rate ?? 1)).toBeLessThan(2)
    expect((here.maxActivation ?? 0) / (there.maxActivation ?? 1)).toBeGreaterThan(0.5)
    expect(here.promoted).toEqual(there.promoted)
    expect(here.label).toContain(JSON.stringify(there.promoted[0]?.text))
    expect(here.measuredBy).toBe('Computed from val_stories.jsonl, 10,000 tokens')
    const [context] = here.contexts
    expect(context?.activations[context.at]).toBe(Math.max(...(context?.activations ?? [])))
  }
  expect(compared).toBeGreaterThan(0)
})

/** Runs the computation to its end, or until it has printed the line `killAt`, where it kills itself. Returns what it printed last. */
async function run(labels: string, sae: string, killAt = ''): Promise<string> {
  const child = spawn(process.execPath, [join(outDir, 'computer.mjs'), labels, DEFAULT_MODEL, sae, STORIES, '1000', killAt], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(child, 'close')
  return output.trim().split('\n').at(-1) ?? ''
}

const recordsIn = async (labels: string): Promise<string> => {
  const found = (await readdir(labels, { recursive: true })).filter((name) => name.endsWith('.jsonl'))
  expect(found).toHaveLength(1)
  return readFile(join(labels, found[0] ?? ''), 'utf8')
}

it('a computation that is killed, and killed again, goes on and comes to the same labels bit for bit', async () => {
  const sae = await unlabelled()
  const [whole, parted] = [await temporaryFolder(), await temporaryFolder()]
  expect(await run(whole, sae)).toBe('finished 0')
  expect(await run(parted, sae, 'Reading the text 10')).toBe('Reading the text 10')
  const { unfinished } = await openEngine(parted)['labels.sources']({ sae }, handlerTask())
  // The window it was killed in may not have been saved; those before it were.
  expect(unfinished).toHaveLength(1)
  expect(unfinished[0]?.done).toBeGreaterThanOrEqual(10)
  expect(await run(parted, sae, 'Naming latents 512')).toBe('Naming latents 512')
  expect(await run(parted, sae)).toMatch(/^finished [1-9]/)
  expect(await recordsIn(parted)).toBe(await recordsIn(whole))
}, 60_000)

it('the command line lists, imports, computes, searches and removes labels, and says what it needs to be told', async () => {
  const [labels, sae, from] = [await temporaryFolder(), await unlabelled(), await exported({ 5: 'the quokka neuron' })]
  const engine = openEngine(labels)
  const task = handlerTask()
  const context = { engine: () => engine, task, cwd: '/', bundledModels: '', resources: '', scratch: '', version: 'test' }
  const command = (name: string, values: OptionValues = {}) => {
    const found = commands.find((candidate) => candidate.name === `labels ${name}`)
    return found?.run({ sae, labels, ...values }, context) ?? expect.fail(`there is no command labels ${name}`)
  }
  expect((await command('list')).human).toBe('There are no labels.')
  expect(await failureOf(() => command('import', { from }))).toBe(
    'The labels were not imported. Nothing says that the labels of Neuronpedia storyteller/3-res are for sae. Are they? ' +
      'Repeat it with --confirm, or with --take and one of: "Neuronpedia storyteller/3-res".'
  )
  const { human } = await command('import', { from, take: 'Neuronpedia storyteller/3-res' })
  expect(human).toContain('1 explanations added from 1 files')
  const text = join(labels, 'text.txt')
  await writeFile(text, 'Mia lost her red ball in the park. She was very sad. Tom saw her and said: do not cry.')
  const computed = await command('compute', { model: DEFAULT_MODEL, text, device: 'cpu', 'max-tokens': '10' })
  expect(computed.human).toMatch(/^10 tokens in 1 windows; \d+ latents fired/)
  expect(computed.notes).toEqual(['Only the first 10 tokens of the text were read.'])
  expect((await command('search', { query: 'quokka' })).human).toContain('5  the quokka neuron  Neuronpedia storyteller/3-res')
  const { sources } = await engine['labels.sources']({ sae }, task)
  expect((await command('list')).human.split('\n')).toHaveLength(4)
  for (const { id } of sources) expect((await command('remove', { id })).json).toEqual({ removed: true })
  expect((await command('remove', { id: 'own' })).human).toBe('There is no removable source own.')
  expect(await failureOf(() => command('import', { from, labels: undefined }))).toContain('--labels is missing.')
})
