import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readCheckpoint, saveCheckpoint, type Checkpoint } from '../../../src/main/labelling/checkpoint'
import { addWindow, contextsOf, createTally, type Tally } from '../../../src/main/labelling/tally'
import type { ActiveLatents } from '../../../src/main/saes'
import { temporaryFolder } from '../../support/folder'
import { randomFrom } from '../../support/random-numbers'

const D_SAE = 40
const CONTEXTS = 3

/** A window of tokens and dense activations [position, d_sae], about one in ten above 0; BOS fires everywhere. */
interface Dense {
  readonly ids: number[]
  readonly f: number[][]
}

function randomWindows(count: number): Dense[] {
  const random = randomFrom(11)
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(random.between(0, 40))
    const ids = Array.from({ length }, () => Math.floor(random.between(0, 200_000)))
    // Few different values, so that equally strong places occur.
    const value = (): number => (random.between(0, 1) < 0.1 ? Math.ceil(random.between(0, 6)) / 2 : 0)
    return { ids, f: ids.map((_, position) => Array.from({ length: D_SAE }, () => (position === 0 ? 99 : value()))) }
  })
}

function activeOf({ f }: Dense): Pick<ActiveLatents, 'latents' | 'Z'> {
  const latents = Int32Array.from(Array.from({ length: D_SAE }, (_, i) => i).filter((i) => f.some((row) => (row[i] ?? 0) > 0)))
  return { latents, Z: Float32Array.from(f.flatMap((row) => Array.from(latents, (latent) => row[latent] ?? 0))) }
}

function tallyOf(windows: readonly Dense[], tally = createTally(D_SAE, CONTEXTS)): Tally {
  for (const window of windows) addWindow(tally, window.ids, activeOf(window), 1)
  return tally
}

it('counts what a table of all activations says, without the BOS position', () => {
  const windows = randomWindows(60)
  const tally = tallyOf(windows)
  const positions = windows.flatMap(({ f }) => f.slice(1))
  expect(tally.positions).toBe(positions.length)
  for (let latent = 0; latent < D_SAE; latent++) {
    const own = positions.map((row) => row[latent] ?? 0)
    expect(tally.fires[latent]).toBe(own.filter((value) => value > 0).length)
    expect(tally.max[latent]).toBe(Math.max(...own))
    // One context for each window, the strongest first, of equals the earlier window and in it the earlier place.
    const peaks = windows.flatMap(({ ids, f }) => {
      const acts = f.map((row, position) => (position === 0 ? 0 : (row[latent] ?? 0)))
      const peak = Math.max(...acts)
      return peak > 0 ? [{ ids, acts, at: acts.indexOf(peak), peak }] : []
    })
    const best = peaks.map((peak, order) => ({ ...peak, order })).sort((a, b) => b.peak - a.peak || a.order - b.order)
    const contexts = contextsOf(tally, latent)
    expect(contexts).toHaveLength(Math.min(CONTEXTS, best.length))
    contexts.forEach((context, place) => {
      const { ids = [], acts = [], at = 0, peak } = best[place] ?? {}
      const start = Math.max(1, Math.min(at - 16, ids.length - 24))
      expect(context.ids).toEqual(ids.slice(start, start + 24))
      expect(context.acts).toEqual(acts.slice(start, start + 24))
      expect(context.at).toBe(at - start)
      expect(context.acts[context.at]).toBe(peak)
    })
  }
})

it('keeps fewer contexts of an SAE so wide that they would not fit in memory', () => {
  expect(createTally(2048, 8).contexts).toBe(8)
  // 256 MiB for 2^20 latents: one context of 51 float32 numbers each.
  expect(createTally(2 ** 20, 8).contexts).toBe(1)
})

const about = (done: number): Checkpoint['about'] => ({
  id: 'computed-1',
  path: '/text.txt',
  model: '/model',
  sae: '/sae',
  hook: 'blocks.0.hook_resid_post',
  options: { window: 64, contexts: CONTEXTS, tokens: 1000 },
  done,
  total: 60,
  savedAt: '2026-01-01T00:00:00.000Z'
})

it('a tally that was saved and read back goes on as if it had never been away', async () => {
  const windows = randomWindows(60)
  const path = join(await temporaryFolder(), 'a.checkpoint')
  for (const at of [1, 17, 59]) {
    await saveCheckpoint(path, { about: about(at), machine: 'm', tally: tallyOf(windows.slice(0, at)) })
    const read = await readCheckpoint(path)
    expect(read).toMatchObject({ about: { done: at }, machine: 'm' })
    expect(tallyOf(windows.slice(at), read?.tally)).toEqual(tallyOf(windows))
  }
})

it('a checkpoint that is damaged anywhere is as good as none', async () => {
  const path = join(await temporaryFolder(), 'a.checkpoint')
  expect(await readCheckpoint(path)).toBeNull()
  await saveCheckpoint(path, { about: about(5), machine: 'm', tally: tallyOf(randomWindows(5)) })
  const whole = await readFile(path)
  for (const at of [0, 3, 10, 400, whole.length - 40, whole.length - 1]) {
    const spoilt = Buffer.from(whole)
    spoilt[at] = (spoilt[at] ?? 0) ^ 1
    await writeFile(path, spoilt)
    expect(await readCheckpoint(path)).toBeNull()
  }
  for (const length of [0, 3, 35, whole.length - 1]) {
    await writeFile(path, whole.subarray(0, length))
    expect(await readCheckpoint(path)).toBeNull()
  }
})
