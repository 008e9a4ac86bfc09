/** Labels computed from text, on a tiny model: against counting by hand, and interrupted at any point. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../src/shared/errors'
import { ComputeOptions } from '../../../src/shared/records/latent'
import { quietTask, type Task } from '../../../src/shared/task'
import { hookValues, type Bench } from '../../../src/main/attribution'
import { computeLabels, discardUnfinished, listUnfinished, type ComputeRequest } from '../../../src/main/labelling'
import { readWindows } from '../../../src/main/labelling/text'
import { openSession } from '../../../src/main/runtime'
import { createLens, openLabels, storeFolder, type Lens } from '../../../src/main/saes'
import { openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { randomFrom } from '../../support/random-numbers'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

const OPTIONS = ComputeOptions.parse({ window: 12, contexts: 3 })
let folder: string
let bench: Bench
let lens: Lens
let text: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gradsae-test-'))
  // Latents of this SAE are rarely on, and some never.
  bench = await openTestBench(TINY_MODELS[0] ?? '', await writeSae(join(folder, 'sae'), { ...SAE_SPEC, architecture: 'topk', k: 3 }))
  lens = await createLens(openSession, bench.sessions.model, 'cpu')
  const random = randomFrom(3)
  const words = Array.from({ length: 400 }, () => String.fromCharCode(97 + Math.floor(random.between(0, 26))))
  text = join(folder, 'words.txt')
  await writeFile(text, words.join(' '))
})
afterAll(async () => {
  await lens.release()
  await rm(folder, { recursive: true, force: true })
})

const requestIn = (root: string, more: Partial<ComputeRequest> = {}): ComputeRequest => ({
  bench,
  root,
  path: text,
  options: OPTIONS,
  given: { model: 'm', sae: 's' },
  lens: (work) => work(lens),
  ...more
})

/** Cancels when `stage` has come to `count`. */
function cancelling(stage: string, count: number): Task {
  const controller = new AbortController()
  return { signal: controller.signal, progress: (at, done) => at === stage && done >= count && controller.abort() }
}

/** The records of the one computed source in a store, as bytes. */
async function recordsIn(root: string): Promise<string> {
  const folder = storeFolder(root, bench.encoder.sae)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
  expect(names).toHaveLength(1)
  return readFile(join(folder, names[0] ?? ''), 'utf8')
}

it('counts as one does by hand, window by window without its first position, and names each latent that fired', async () => {
  const root = await temporaryFolder()
  const { model } = bench.sessions
  const { sae } = bench.encoder
  const computed = await computeLabels(requestIn(root), quietTask())
  const windows = await readWindows({ path: text, model, prependBos: sae.prependBos, size: 12, tokens: 1_000_000 }, quietTask())
  expect(computed).toMatchObject({ tokens: windows.tokens, windows: windows.count, resumed: 0, notes: [] })

  const seen: { latent: number; z: number; id: number; window: number }[] = []
  let counted = 0
  for (let window = 0; window < windows.count; window++) {
    const ids = windows.ids(window)
    counted += ids.length - 1
    const { input, value } = await hookValues(bench, ids)
    const { latents, Z } = await bench.encoder.encode(input, ids.length, value)
    latents.forEach((latent, u) => {
      for (let position = 1; position < ids.length; position++) {
        const z = Z[position * latents.length + u] ?? 0
        if (z > 0) seen.push({ latent, z, id: ids[position] ?? 0, window })
      }
    })
  }
  const labels = await openLabels(sae, root)
  expect(computed.fired).toBe(new Set(seen.map(({ latent }) => latent)).size)
  expect(computed.fired).toBeLessThan(sae.d_sae)
  for (let latent = 0; latent < sae.d_sae; latent++) {
    const own = seen.filter((one) => one.latent === latent)
    const [measured] = await labels.measured(latent)
    expect(measured?.record.rate).toBe(own.length / counted)
    const max = Math.max(0, ...own.map(({ z }) => z))
    // Stored to six digits.
    expect(measured?.record.max).toBeCloseTo(max, 5 - Math.ceil(Math.log10(max || 1)))
    const contexts = measured?.record.contexts ?? []
    const strongest = own.find(({ z }) => z === max)
    expect(contexts).toHaveLength(Math.min(3, new Set(own.map(({ window }) => window)).size))
    expect(contexts[0]?.ids[contexts[0].at]).toBe(strongest?.id)
    const [explanation] = labels.explanations(latent)
    if (strongest === undefined) expect(explanation).toBeUndefined()
    else {
      expect(explanation?.label).toMatch(/^on .+; promotes /)
      expect(explanation?.label).toContain(JSON.stringify(model.tokenizer.token(strongest.id).text))
      expect(explanation).toMatchObject({ source: `Computed from words.txt, ${windows.tokens} tokens`, computed: true })
    }
  }
})

describe('an interrupted computation', () => {
  it.each([
    ['Splitting the text into tokens', 0],
    ['Reading the text', 1],
    ['Reading the text', 17],
    ['Naming latents', 0]
  ])('that was cancelled at "%s" %i goes on there and comes to the same labels bit for bit', async (stage, count) => {
    const [whole, parted] = [await temporaryFolder(), await temporaryFolder()]
    await computeLabels(requestIn(whole), quietTask())
    await expect(computeLabels(requestIn(parted), cancelling(stage, count))).rejects.toBeInstanceOf(Cancelled)
    expect((await openLabels(bench.encoder.sae, parted)).sources).toEqual([])
    const [unfinished] = await listUnfinished(parted, bench.encoder.sae)
    const stages = new Map<string, number>()
    const watching: Task = { ...quietTask(), progress: (at, done) => stages.set(at, Math.min(done, stages.get(at) ?? done)) }
    const finished = await computeLabels(requestIn(parted), watching)
    expect(finished.resumed).toBe(unfinished?.done ?? 0)
    // What was begun when the cancel came was finished: a window, or a block of 64 names.
    if (stage === 'Reading the text') expect(stages.get('Reading the text')).toBe(count + 1)
    if (stage === 'Naming latents') expect([stages.get('Reading the text'), stages.get('Naming latents')]).toEqual([undefined, 64])
    expect(await recordsIn(parted)).toBe(await recordsIn(whole))
    expect(await listUnfinished(parted, bench.encoder.sae)).toEqual([])
  })

  it('that is cancelled again and again loses nothing', async () => {
    const [whole, parted] = [await temporaryFolder(), await temporaryFolder()]
    await computeLabels(requestIn(whole), quietTask())
    for (let count = 1; count < 33; count += 8)
      await expect(computeLabels(requestIn(parted, { saveEvery: 0 }), cancelling('Reading the text', count))).rejects.toBeInstanceOf(
        Cancelled
      )
    await computeLabels(requestIn(parted), quietTask())
    expect(await recordsIn(parted)).toBe(await recordsIn(whole))
  })

  it('is listed with what it takes to go on, and can be discarded', async () => {
    const root = await temporaryFolder()
    await expect(computeLabels(requestIn(root), cancelling('Reading the text', 5))).rejects.toBeInstanceOf(Cancelled)
    const [unfinished] = await listUnfinished(root, bench.encoder.sae)
    expect(unfinished).toMatchObject({ path: text, model: 'm', sae: 's', hook: bench.hook, options: OPTIONS, done: 6 })
    expect(await discardUnfinished(root, bench.encoder.sae, unfinished?.id ?? '')).toBe(true)
    expect(await discardUnfinished(root, bench.encoder.sae, unfinished?.id ?? '')).toBe(false)
    expect(await listUnfinished(root, bench.encoder.sae)).toEqual([])
    expect((await computeLabels(requestIn(root), quietTask())).resumed).toBe(0)
  })

  it('is not mixed with numbers of another runtime', async () => {
    const root = await temporaryFolder()
    const other = { bench: { ...bench, versions: { onnxruntime: 'another' } } }
    await expect(computeLabels(requestIn(root, other), cancelling('Reading the text', 5))).rejects.toBeInstanceOf(Cancelled)
    expect((await computeLabels(requestIn(root), quietTask())).resumed).toBe(0)
  })
})

it('is not computed twice: the same request returns what is there, another text is another source', async () => {
  const root = await temporaryFolder()
  const first = await computeLabels(requestIn(root), quietTask())
  const again = await computeLabels(requestIn(root), quietTask())
  expect(again.source).toEqual(first.source)
  const other = join(await temporaryFolder(), 'other.jsonl')
  await writeFile(other, '{"text":"a b c"}\n')
  await computeLabels(requestIn(root, { path: other }), quietTask())
  expect((await openLabels(bench.encoder.sae, root)).sources.map(({ name }) => name)).toEqual([
    first.source.name,
    expect.stringContaining('Computed from other.jsonl')
  ])
})

it('is refused while the same labels are being computed', async () => {
  const root = await temporaryFolder()
  const running = computeLabels(requestIn(root), quietTask())
  expect(await failureOf(() => computeLabels(requestIn(root), quietTask()))).toBe(
    `Labels of sae are being computed from ${text} already. Wait until they are done, or cancel that first.`
  )
  await running
})

it('says that only the beginning of a text was read', async () => {
  const { notes, tokens } = await computeLabels(requestIn(await temporaryFolder(), { options: { ...OPTIONS, tokens: 50 } }), quietTask())
  expect(tokens).toBe(50)
  expect(notes).toEqual(['Only the first 50 tokens of the text were read.'])
})
