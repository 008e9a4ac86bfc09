/**
 * Every format against golden numbers of a second implementation: tests/fixtures/make/saes writes tiny SAEs in each producer's own
 * layout, and what the producer's forward pass makes of some inputs, in float64.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSession } from '../../../src/main/runtime'
import { activationOf, createEncoder, decode, openSae, readDirections } from '../../../src/main/saes'
import { SaeReading } from '../../../src/shared/records/model'
import { largestGap } from '../../support/models'

const FIXTURES = join(import.meta.dirname, '../../fixtures/saes')
/** Sums of at most a hundred float32 products of size 1: 1e-7 times the root of their number, with room. */
const TOLERANCE = 2e-5

const Numbers = z.object({ shape: z.array(z.number()), f64: z.string() }).transform(({ shape, f64 }) => {
  const bytes = Buffer.from(f64, 'base64')
  return { shape, data: Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i)) }
})
const Case = z.object({
  sae: z.string(),
  reading: SaeReading,
  is: z.record(z.string(), z.unknown()),
  x: Numbers,
  target: Numbers.optional(),
  f: Numbers,
  y: Numbers
})
const Golden = z.object({ cases: z.array(Case) })

const folders = readdirSync(FIXTURES)
  .map((name) => join(FIXTURES, name))
  .filter((folder) => existsSync(join(folder, 'golden.json')))

describe.each(folders.map((folder) => ({ folder, name: basename(folder) })))('$name', ({ folder }) => {
  const { cases } = Golden.parse(JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')))

  it.each(cases)('$sae opens as what it is', async ({ sae, reading, is }) => {
    expect(await openSae(join(folder, sae), reading)).toMatchObject(is)
  })

  it.each(
    cases.flatMap((each) => [
      { ...each, way: 'whole', limits: {} },
      // As SAEs of several GB are run: lean, and two positions at a time.
      { ...each, way: 'lean', limits: { whole: 0, dense: 80 } }
    ])
  )('$sae, $way, is what its producer makes of it', async ({ sae: path, reading, limits, x, target, f, y }) => {
    const sae = await openSae(join(folder, path), reading)
    const encoder = await createEncoder(openSession, sae, 'cpu', limits)
    try {
      const [positions = 0] = x.shape
      const active = await encoder.encode(Float32Array.from(x.data), positions, target && Float32Array.from(target.data))
      const found = f.data.map((_, i) => activationOf(active, Math.floor(i / sae.d_sae), i % sae.d_sae))
      expect(f.data.some((value) => value > 0)).toBe(true)
      expect(found.map((value) => value > 0)).toEqual(f.data.map((value) => value > 0))
      expect(largestGap(found, f.data)).toBeLessThan(TOLERANCE)
      expect(largestGap(active.reconstruction, y.data)).toBeLessThan(TOLERANCE)
      expect(largestGap(decode(active, active.Z), y.data)).toBeLessThan(TOLERANCE)

      const { decoded } = await readDirections(sae, [...active.latents])
      const rows = [...active.latents].flatMap((latent) => [...(decoded.get(latent) ?? [])])
      expect(largestGap(rows, active.rows)).toBeLessThan(1e-6)
    } finally {
      await encoder.release()
    }
  })
})
