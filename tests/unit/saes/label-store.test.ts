/** What hostile exports, cancelled and killed imports come to: a refusal, and a label store that is as it was. */
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Cancelled, WorkbenchError } from '../../../src/shared/errors'
import type { Task } from '../../../src/shared/task'
import { openLabels, openSae, removeSource, storeFolder } from '../../../src/main/saes'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { randomFrom } from '../../support/random-numbers'
import { EXPLAINED, EXPORT, FIXTURES, imported, row, startStore, written } from '../../support/label-store'

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
    const { take, labels, stored } = await startStore()
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
    const { take, stored } = await startStore()
    const path = await written(content)
    expect(await failureOf(() => take(path))).toBe(
      `${path} holds no latent explanations that are known. Supported are Neuronpedia exports, Delphi explanations, neuron-explainer files and latents.jsonl.`
    )
    expect(await stored()).toEqual([])
  })

  it('spoilt anywhere, an export is imported, asked about or refused, and a refusal changes nothing', async () => {
    const { take, stored } = await startStore()
    const random = randomFrom(5)
    const pick = (below: number): number => Math.floor(random.between(0, below))
    const plain = Buffer.from(Array.from({ length: 20 }, (_, i) => row(i, `number ${i}`, { scores: [{ value: 0.5 }] })).join('\n'))
    const path = await written('')
    let refused = 0
    for (const whole of [plain, gzipSync(plain)]) {
      for (let round = 0; round < 40; round++) {
        const spoilt = Buffer.from(whole.subarray(0, pick(4) === 0 ? pick(whole.length) : whole.length))
        for (let flips = pick(4); flips > 0 && spoilt.length > 0; flips--) {
          const at = pick(spoilt.length)
          spoilt[at] = (spoilt[at] ?? 0) ^ (1 << pick(8))
        }
        await writeFile(path, spoilt)
        const before = await stored()
        const outcome = await take(path).catch((error: unknown) => error)
        if (outcome instanceof WorkbenchError) {
          refused += 1
          expect(['LABEL_EXPORT_INVALID', 'LABEL_EXPORT_UNKNOWN', 'LABELS_FOREIGN']).toContain(outcome.code)
          expect(await stored()).toEqual(before)
        } else expect(outcome).toHaveProperty('status')
      }
    }
    expect(refused).toBeGreaterThan(20)
  })

  it('is cancelled without a trace', async () => {
    const { take, stored } = await startStore()
    const controller = new AbortController()
    const task: Task = {
      signal: controller.signal,
      progress: (stage, done) => stage === 'Reading labels' && done === 3 && controller.abort()
    }
    await expect(take(EXPORT, {}, task)).rejects.toBeInstanceOf(Cancelled)
    expect(await stored()).toEqual([])
  })

  it('a folder of labels is not followed out of by its links', async () => {
    const { take } = await startStore()
    const folder = await temporaryFolder()
    await cp(EXPLAINED, join(folder, 'real'), { recursive: true })
    await symlink('/', join(folder, 'everything'))
    expect(imported(await take(folder))).toMatchObject({ files: 3, ignoredFiles: 0 })
  })
})

describe('the store', () => {
  it('passes over a damaged source, says why, and lets it be removed', async () => {
    const { take, labels, sae, root } = await startStore()
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
    const { take, labels, sae, root, stored } = await startStore()
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
    const { take, sae, root } = await startStore()
    await take(EXPORT)
    const elsewhere = join(await temporaryFolder(), 'renamed')
    await cp(sae.folder, elsewhere, { recursive: true })
    expect((await openLabels(await openSae(elsewhere), root)).sources).toHaveLength(1)
    const hash = `sha256:${createHash('sha256').update('other').digest('hex')}`
    expect((await openLabels({ ...sae, hash }, root)).sources).toEqual([])
  })
})
