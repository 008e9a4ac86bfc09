/** Importing labels: every layout, and whose labels they are. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { removeSource, storeFolder } from '../../../src/main/saes'
import { LABEL_FORMATS } from '../../../src/main/saes/label-formats'
import { failureOf } from '../../support/failing'
import { asked, EXPLAINED, EXPORT, FIXTURES, imported, row, startStore, written } from '../../support/label-store'

it('every file of label-formats is in its list', async () => {
  const folder = join(import.meta.dirname, '../../../src/main/saes/label-formats')
  const files = (await readdir(folder)).filter((name) => !['index.ts', 'types.ts'].includes(name))
  expect(LABEL_FORMATS.map(({ format }) => `${format}.ts`).sort()).toEqual(files.sort())
})

describe('a Neuronpedia export', () => {
  it('is attached as a whole folder to the SAE that names it; rows of activations and configuration are no labels', async () => {
    const { take, labels } = await startStore()
    const outcome = imported(await take(EXPORT))
    // 84 latents have a first explanation (the others are 7, 15, ..), and 5 more belong to latents of these.
    expect(outcome).toMatchObject({ files: 6, ignoredFiles: 3, otherSources: 0, added: 89 })
    expect(outcome.source).toMatchObject({ name: 'Neuronpedia tiny-gpt2/1-res-tiny', binding: 'matched', latents: 84, explanations: 89 })
    expect((await labels()).sources.map(({ id }) => id)).toEqual([outcome.source.id])
  })

  it('goes by the index of each row, not by its place: the order is that of indices as text', async () => {
    const { take, labels } = await startStore()
    await take(EXPORT)
    const { explanations } = await labels()
    for (let latent = 0; latent < 96; latent++) {
      const own = explanations(latent).find(({ label }) => label.startsWith('about'))
      expect(own?.label).toBe(latent % 8 === 7 ? undefined : `about the number ${latent}`)
    }
  })

  it('shows what a person wrote, then the highest score, then the newest, then what was only computed', async () => {
    const { take, labels } = await startStore()
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
    const { take, labels } = await startStore()
    await take(EXPORT)
    const { measured } = await labels()
    expect(await measured(9)).toMatchObject([{ folded: true, record: { rate: 0.01, max: 3.25 } }])
    expect(await measured(15)).toEqual([])
  })

  it('keeps text as text: markup stays, control characters and turns of writing do not', async () => {
    const { take, labels } = await startStore()
    await take(EXPORT)
    expect((await labels()).explanations(6)[0]?.label).toBe('<b>bold</b> with a break and a turn')
  })

  it('may come batch by batch: later ones are added, and the same ones are not counted twice', async () => {
    const { take, labels, stored } = await startStore()
    const whole = await startStore()
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
    const { take, labels, stored } = await startStore('tiny-gpt2/0-res-tiny')
    const question = asked(await take(EXPORT))
    expect(question).toMatchObject({ reason: 'other', expected: 'tiny-gpt2/0-res-tiny' })
    expect(question.found).toEqual([{ name: 'Neuronpedia tiny-gpt2/1-res-tiny', explanations: 89, outside: 0 }])
    expect(await stored()).toEqual([])
    expect(imported(await take(EXPORT, { confirm: true })).source.binding).toBe('confirmed')
    expect((await labels()).all.length).toBeGreaterThan(0)
  })

  it('is asked when the SAE names none', async () => {
    const { take } = await startStore(null)
    expect(asked(await take(EXPORT)).reason).toBe('unnamed')
    expect(imported(await take(EXPORT, { confirm: true })).source.binding).toBe('confirmed')
  })

  it('has to be chosen where there are several, unless one belongs', async () => {
    const rows = [row(0, 'a', { layer: '0-res-tiny' }), row(1, 'mine'), row(2, 'b', { layer: '2-res-tiny' })].join('\n')
    const path = await written(rows)
    const other = await startStore(null)
    const question = asked(await other.take(path, { confirm: true }))
    expect(question.reason).toBe('several')
    expect(question.found.map(({ name }) => name)).toEqual(['0', '1', '2'].map((layer) => `Neuronpedia tiny-gpt2/${layer}-res-tiny`))
    await other.take(path, { take: 'Neuronpedia tiny-gpt2/2-res-tiny' })
    expect((await other.labels()).all.map(({ label }) => label)).toEqual(['b'])
    expect(asked(await other.take(path, { take: 'Neuronpedia elsewhere' })).reason).toBe('several')
    const own = await startStore()
    expect(imported(await own.take(path))).toMatchObject({ otherSources: 2, added: 1 })
    expect((await own.labels()).all.map(({ label }) => label)).toEqual(['mine'])
  })

  it('is in doubt when some are for latents that the SAE does not have; those are counted and left out', async () => {
    const { take, labels } = await startStore()
    const path = await written([row(5, 'here'), row(96, 'beyond'), row(4000, 'far beyond')].join('\n'))
    expect(asked(await take(path))).toMatchObject({ reason: 'outside', found: [{ outside: 2 }] })
    expect(imported(await take(path, { confirm: true })).source.outside).toBe(2)
    expect((await labels()).all.map(({ latent }) => latent)).toEqual([5])
  })

  it('is no question when none of them can be', async () => {
    const { take, stored } = await startStore()
    const path = await written(row(96, 'beyond'))
    expect(await failureOf(() => take(path, { confirm: true }))).toBe(
      `The labels in ${path} are for another SAE: they go up to latent 96, and layers.1 has 96 latents. Choose the labels that were made for this SAE.`
    )
    expect(await stored()).toEqual([])
  })
})

describe('other layouts', () => {
  it("reads Delphi's explanations, which are for the SAE whose folder has the module's name", async () => {
    const { take, labels } = await startStore()
    const outcome = imported(await take(join(FIXTURES, 'delphi')))
    expect(outcome).toMatchObject({ files: 3, ignoredFiles: 4, added: 3 })
    expect(outcome.source).toMatchObject({ name: 'Delphi layers.1', binding: 'matched' })
    expect((await labels()).all).toEqual(
      [0, 3, 40].map((latent) => ({ latent, label: `Délphi says ${latent}`, source: 'Delphi layers.1' }))
    )
  })

  it("reads neuron-explainer's lines with their scores", async () => {
    const { take, labels } = await startStore()
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
    const { take, labels } = await startStore()
    const line = { id: 3, label: 'rain', label_from: 'word', rate: 0.25, max: 9.5, contexts: [{ ids: [1, 2], acts: [0, 9.5], at: 1 }] }
    await take(await written(JSON.stringify(line), 'latents.jsonl'), { confirm: true })
    const { explanations, measured } = await labels()
    expect(explanations(3)[0]?.label).toBe('rain')
    expect(await measured(3)).toMatchObject([{ folded: false, record: { rate: 0.25, contexts: [{ at: 1 }] } }])
  })

  it('keeps sources apart, beside the labels in the SAE folder, each with its name, and removes each alone', async () => {
    const { take, labels, sae, root, stored } = await startStore()
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
