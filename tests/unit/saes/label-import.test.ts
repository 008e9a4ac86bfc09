/** Importing labels: every layout, whose labels they are, and what hostile files come to. */
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Cancelled } from '../../../src/shared/errors'
import type { LabelImport } from '../../../src/shared/records/latent'
import { quietTask, type Task } from '../../../src/shared/task'
import { importLabels, openLabels, openSae, removeSource, storeFolder, type Labels } from '../../../src/main/saes'
import type { Sae } from '../../../src/main/saes/types'
import { LABEL_FORMATS } from '../../../src/main/saes/label-formats'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { SAE_SPEC, writeSae } from '../../support/random-sae'

const FIXTURES = join(import.meta.dirname, '../../fixtures/labels')
const EXPORT = join(FIXTURES, 'neuronpedia')
const EXPLAINED = join(EXPORT, 'v1/tiny-gpt2/1-res-tiny/explanations')

interface Case {
  readonly sae: Sae
  readonly root: string
  take(path: string, more?: { confirm?: boolean; take?: string }, task?: Task): Promise<LabelImport>
  labels(): Promise<Labels>
  /** Names of everything in the store. */
  stored(): Promise<string[]>
}

/** An SAE of 96 latents that names its source at Neuronpedia, and an empty store. */
async function start(neuronpediaId: string | null = 'tiny-gpt2/1-res-tiny'): Promise<Case> {
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

async function written(content: string | Uint8Array, name = 'labels.jsonl'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

const row = (index: number | string, description: string | null, more: object = {}): string =>
  JSON.stringify({ modelId: 'tiny-gpt2', layer: '1-res-tiny', index: String(index), description, typeName: 'np', ...more })

const imported = (outcome: LabelImport) => (outcome.status === 'imported' ? outcome : expect.fail(JSON.stringify(outcome)))
const asked = (outcome: LabelImport) => (outcome.status === 'question' ? outcome.question : expect.fail(JSON.stringify(outcome)))

it('every file of label-formats is in its list', async () => {
  const folder = join(import.meta.dirname, '../../../src/main/saes/label-formats')
  const files = (await readdir(folder)).filter((name) => !['index.ts', 'types.ts'].includes(name))
  expect(LABEL_FORMATS.map(({ format }) => `${format}.ts`).sort()).toEqual(files.sort())
})

describe('a Neuronpedia export', () => {
  it('is attached as a whole folder to the SAE that names it; rows of activations and configuration are no labels', async () => {
    const { take, labels } = await start()
    const outcome = imported(await take(EXPORT))
    // 84 latents have a first explanation (the others are 7, 15, ..), and 5 more belong to latents of these.
    expect(outcome).toMatchObject({ files: 6, ignoredFiles: 3, otherSources: 0, added: 89 })
    expect(outcome.source).toMatchObject({ name: 'Neuronpedia tiny-gpt2/1-res-tiny', binding: 'matched', latents: 84, explanations: 89 })
    expect((await labels()).sources.map(({ id }) => id)).toEqual([outcome.source.id])
  })

  it('goes by the index of each row, not by its place: the order is that of indices as text', async () => {
    const { take, labels } = await start()
    await take(EXPORT)
    const { explanations } = await labels()
    for (let latent = 0; latent < 96; latent++) {
      const own = explanations(latent).find(({ label }) => label.startsWith('about'))
      expect(own?.label).toBe(latent % 8 === 7 ? undefined : `about the number ${latent}`)
    }
  })

  it('shows what a person wrote, then the highest score, then the newest, then what was only computed', async () => {
    const { take, labels } = await start()
    await take(EXPORT)
    const { explanations, all } = await labels()
    const shown = (latent: number) => explanations(latent).map(({ label }) => label)
    expect(shown(3)).toEqual(['scored high', 'scored low', 'about the number 3', 'promotes " up3", " more"'])
    expect(shown(4)).toEqual(['newer', 'about the number 4', 'promotes " up4", " more"'])
    expect(shown(5)).toEqual(["a person's words", 'about the number 5', 'promotes " up5", " more"'])
    expect(shown(7)).toEqual(['promotes " up7", " more"'])
    expect(shown(15)).toEqual([])
    expect(all.find(({ latent }) => latent === 3)).toEqual({
      latent: 3,
      label: 'scored high',
      source: 'Neuronpedia tiny-gpt2/1-res-tiny (oai_token-act-pair, gpt-4o-mini)'
    })
    expect(explanations(5)[0]).toMatchObject({ user: true, source: 'Neuronpedia tiny-gpt2/1-res-tiny' })
  })

  it('brings firing rates and maxima in folded units, and none where nothing was measured', async () => {
    const { take, labels } = await start()
    await take(EXPORT)
    const { measured } = await labels()
    expect(await measured(9)).toMatchObject([{ folded: true, record: { rate: 0.01, max: 3.25 } }])
    expect(await measured(15)).toEqual([])
  })

  it('keeps text as text: markup stays, control characters and turns of writing do not', async () => {
    const { take, labels } = await start()
    await take(EXPORT)
    expect((await labels()).explanations(6)[0]?.label).toBe('<b>bold</b> with a break and a turn')
  })

  it('may come batch by batch: later ones are added, and the same ones are not counted twice', async () => {
    const { take, labels, stored } = await start()
    const whole = await start()
    await whole.take(EXPLAINED)
    for (const name of ['batch-2', 'batch-0', 'batch-1']) await take(join(EXPLAINED, `${name}.jsonl.gz`))
    const again = imported(await take(join(EXPLAINED, 'batch-0.jsonl.gz')))
    expect(again.added).toBe(0)
    expect(again.source).toMatchObject({ latents: 84, explanations: 89 })
    expect((await labels()).all).toEqual((await whole.labels()).all)
    // One source: its record and its data, nothing of the earlier ones.
    expect(await stored()).toHaveLength(2)
  })
})

describe('whose labels they are', () => {
  it('is asked when the SAE names another source, and nothing is kept until the answer', async () => {
    const { take, labels, stored } = await start('tiny-gpt2/0-res-tiny')
    const question = asked(await take(EXPORT))
    expect(question).toMatchObject({ reason: 'other', expected: 'tiny-gpt2/0-res-tiny' })
    expect(question.found).toEqual([{ name: 'Neuronpedia tiny-gpt2/1-res-tiny', explanations: 89, outside: 0 }])
    expect(await stored()).toEqual([])
    expect(imported(await take(EXPORT, { confirm: true })).source.binding).toBe('confirmed')
    expect((await labels()).all.length).toBeGreaterThan(0)
  })

  it('is asked when the SAE names none', async () => {
    const { take } = await start(null)
    expect(asked(await take(EXPORT)).reason).toBe('unnamed')
    expect(imported(await take(EXPORT, { confirm: true })).source.binding).toBe('confirmed')
  })

  it('has to be chosen where there are several, unless one belongs', async () => {
    const rows = [row(0, 'a', { layer: '0-res-tiny' }), row(1, 'mine'), row(2, 'b', { layer: '2-res-tiny' })].join('\n')
    const path = await written(rows)
    const other = await start(null)
    const question = asked(await other.take(path, { confirm: true }))
    expect(question.reason).toBe('several')
    expect(question.found.map(({ name }) => name)).toEqual(['0', '1', '2'].map((layer) => `Neuronpedia tiny-gpt2/${layer}-res-tiny`))
    await other.take(path, { take: 'Neuronpedia tiny-gpt2/2-res-tiny' })
    expect((await other.labels()).all.map(({ label }) => label)).toEqual(['b'])
    expect(asked(await other.take(path, { take: 'Neuronpedia elsewhere' })).reason).toBe('several')
    const own = await start()
    expect(imported(await own.take(path))).toMatchObject({ otherSources: 2, added: 1 })
    expect((await own.labels()).all.map(({ label }) => label)).toEqual(['mine'])
  })

  it('is in doubt when some are for latents that the SAE does not have; those are counted and left out', async () => {
    const { take, labels } = await start()
    const path = await written([row(5, 'here'), row(96, 'beyond'), row(4000, 'far beyond')].join('\n'))
    expect(asked(await take(path))).toMatchObject({ reason: 'outside', found: [{ outside: 2 }] })
    expect(imported(await take(path, { confirm: true })).source.outside).toBe(2)
    expect((await labels()).all.map(({ latent }) => latent)).toEqual([5])
  })

  it('is no question when none of them can be', async () => {
    const { take, stored } = await start()
    const path = await written(row(96, 'beyond'))
    expect(await failureOf(() => take(path, { confirm: true }))).toBe(
      `The labels in ${path} are for another SAE: they go up to latent 96, and layers.1 has 96 latents. Choose the labels that were made for this SAE.`
    )
    expect(await stored()).toEqual([])
  })
})

describe('other layouts', () => {
  it("reads Delphi's explanations, which are for the SAE whose folder has the module's name", async () => {
    const { take, labels } = await start()
    const outcome = imported(await take(join(FIXTURES, 'delphi')))
    expect(outcome).toMatchObject({ files: 3, ignoredFiles: 4, added: 3 })
    expect(outcome.source).toMatchObject({ name: 'Delphi layers.1', binding: 'matched' })
    expect((await labels()).all).toEqual(
      [0, 3, 40].map((latent) => ({ latent, label: `Délphi says ${latent}`, source: 'Delphi layers.1' }))
    )
  })

  it("reads neuron-explainer's lines with their scores", async () => {
    const { take, labels } = await start()
    expect(asked(await take(join(FIXTURES, 'neuron-explainer'))).reason).toBe('unnamed')
    await take(join(FIXTURES, 'neuron-explainer'), { confirm: true })
    const { explanations } = await labels()
    expect(explanations(2).map(({ label, score }) => [label, score])).toEqual([
      ['weather', 0.52],
      ['rain', 0.31]
    ])
    expect(explanations(11)).toMatchObject([{ label: 'unscored', score: null, source: 'neuron-explainer layer 1 (simulated)' }])
  })

  it('reads a latents.jsonl that somebody has passed on, contexts and all', async () => {
    const { take, labels } = await start()
    const line = { id: 3, label: 'rain', label_from: 'word', rate: 0.25, max: 9.5, contexts: [{ ids: [1, 2], acts: [0, 9.5], at: 1 }] }
    await take(await written(JSON.stringify(line), 'latents.jsonl'), { confirm: true })
    const { explanations, measured } = await labels()
    expect(explanations(3)[0]?.label).toBe('rain')
    expect(await measured(3)).toMatchObject([{ folded: false, record: { rate: 0.25, contexts: [{ at: 1 }] } }])
  })

  it('keeps sources apart, beside the labels in the SAE folder, each with its name, and removes each alone', async () => {
    const { take, labels, sae, root, stored } = await start()
    await writeFile(join(sae.folder, 'latents.jsonl'), '{"id":3,"label":"ours","label_from":"word","score":0.5}\n')
    await take(EXPORT)
    await take(join(FIXTURES, 'delphi'))
    const before = await labels()
    expect(before.sources.map(({ name, removable }) => [name, removable])).toEqual([
      ['latents.jsonl beside the weights', false],
      ['Neuronpedia tiny-gpt2/1-res-tiny', true],
      ['Delphi layers.1', true]
    ])
    expect(before.explanations(3).map(({ label }) => label)).toEqual([
      'scored high',
      'ours',
      'scored low',
      'about the number 3',
      'Délphi says 3',
      'promotes " up3", " more"'
    ])
    const folder = storeFolder(root, sae)
    for (const { id, removable } of before.sources) expect(await removeSource(folder, id)).toBe(removable)
    expect((await labels()).explanations(3).map(({ label }) => label)).toEqual(['ours'])
    expect(await stored()).toEqual([])
    expect(await readFile(join(sae.folder, 'latents.jsonl'), 'utf8')).toContain('ours')
  })
})

describe('hostile files', () => {
  const bomb = gzipSync(Buffer.alloc(2 ** 24, 0x20))
  const good = row(1, 'good')
  const many = Array.from({ length: 65 }, (_, n) => row(1, `explanation ${n}`)).join('\n')

  it.each<[string, string | Uint8Array, string]>([
    ['a line that is no JSON', `${good}\n{"modelId":`, 'line 2: '],
    ['a line without an index', `${good}\n{"modelId":"tiny-gpt2","layer":"1-res-tiny","description":"x"}`, 'line 2: index: '],
    ['an index that is no number', `${good}\n${row('1e3', 'x')}`, 'line 2: index: '],
    ['a negative index', `${good}\n${row('-1', 'x')}`, 'line 2: index: '],
    ['an explanation of a megabyte', `${good}\n${row(2, 'x'.repeat(2 ** 20))}`, 'line 2: it is longer than 1048576 bytes'],
    ['an explanation as long as a book', `${good}\n${row(2, 'x'.repeat(2 ** 19))}`, 'line 2: description: '],
    ['gzip that was cut off', gzipSync(`${good}\n`.repeat(50)).subarray(0, 60), 'it is not a whole gzip file'],
    ['more explanations of a latent than anybody makes', many, 'line 65: the latent 1 has more than 64 explanations'],
    ['deep nesting', `${good}\n${'['.repeat(200_000)}`, 'line 2: ']
  ])('%s refuses the whole import, and leaves the store as it was', async (_, content, reason) => {
    const { take, labels, stored } = await start()
    await take(await written(row(9, 'before')))
    const before = await stored()
    const path = await written(content)
    const failure = await failureOf(() => take(path, { confirm: true }))
    expect(failure).toContain(`${path} was not imported: line`)
    expect(failure).toContain(reason)
    expect(failure).toContain('No labels were changed.')
    expect(await stored()).toEqual(before)
    expect((await labels()).all.map(({ label }) => label)).toEqual(['before'])
  })

  it.each<[string, string | Uint8Array]>([
    ['nothing at all', ''],
    ['something that unpacks to nothing but spaces', bomb],
    ['bytes', Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) % 256)],
    ['other JSON', '{"name":"something else"}'],
    ['explanations of nothing', `${row(1, null)}\n${row(2, '  ')}`]
  ])('%s is no export of labels', async (_, content) => {
    const { take, stored } = await start()
    const path = await written(content)
    expect(await failureOf(() => take(path))).toBe(
      `${path} holds no latent explanations that are known. Supported are Neuronpedia exports, Delphi explanations, neuron-explainer files and latents.jsonl.`
    )
    expect(await stored()).toEqual([])
  })

  it('is cancelled without a trace', async () => {
    const { take, stored } = await start()
    const controller = new AbortController()
    const task: Task = {
      signal: controller.signal,
      progress: (stage, done) => stage === 'Reading labels' && done === 3 && controller.abort()
    }
    await expect(take(EXPORT, {}, task)).rejects.toBeInstanceOf(Cancelled)
    expect(await stored()).toEqual([])
  })

  it('a folder of labels is not followed out of by its links', async () => {
    const { take } = await start()
    const folder = await temporaryFolder()
    await cp(EXPLAINED, join(folder, 'real'), { recursive: true })
    const { symlink } = await import('node:fs/promises')
    await symlink('/', join(folder, 'everything'))
    expect(imported(await take(folder))).toMatchObject({ files: 3, ignoredFiles: 0 })
  })
})

describe('the store', () => {
  it('passes over a damaged source, says why, and lets it be removed', async () => {
    const { take, labels, sae, root } = await start()
    await take(EXPORT)
    await take(join(FIXTURES, 'delphi'))
    const folder = storeFolder(root, sae)
    const [data = ''] = (await readdir(folder)).filter((name) => name.startsWith('neuronpedia') && name.endsWith('.jsonl'))
    await writeFile(join(folder, data), 'cut off')
    const opened = await labels()
    expect(opened.all.map(({ latent }) => latent)).toEqual([0, 3, 40])
    const damaged = opened.sources.find((source) => source.damaged !== null)
    expect(damaged?.damaged).toContain('its data has 7 bytes')
    expect(await removeSource(folder, damaged?.id ?? '')).toBe(true)
    expect((await labels()).sources).toHaveLength(1)
  })

  it('takes no notice of what a killed import has left, and sweeps it away with the next change', async () => {
    const { take, labels, sae, root, stored } = await start()
    const folder = storeFolder(root, sae)
    await mkdir(folder, { recursive: true })
    for (const name of ['import-1.abcdef01.jsonl', 'neuronpedia-1.json.abcdef01.tmp']) {
      await writeFile(join(folder, name), '{"id":1,"la')
      await utimes(join(folder, name), 0, 0)
    }
    expect((await labels()).sources).toEqual([])
    await take(EXPORT)
    expect(await stored()).toHaveLength(2)
  })

  it('belongs to the SAE whose files have that hash, wherever its folder is', async () => {
    const { take, sae, root } = await start()
    await take(EXPORT)
    const elsewhere = join(await temporaryFolder(), 'renamed')
    await cp(sae.folder, elsewhere, { recursive: true })
    expect((await openLabels(await openSae(elsewhere), root)).sources).toHaveLength(1)
    const hash = `sha256:${createHash('sha256').update('other').digest('hex')}`
    expect((await openLabels({ ...sae, hash }, root)).sources).toEqual([])
  })
})
