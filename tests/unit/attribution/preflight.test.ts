import { describe, expect, it } from 'vitest'
import { checkPreflight } from '../../../src/main/attribution/preflight'
import type { PreflightSummary } from '../../../src/shared/records/preflight'
import { failureOf } from '../../support/failing'

const MODEL = { name: 'gpt2', hash: 'sha256:1' }
const SAE = { name: 'res-jb', hash: 'sha256:2' }
const SUMMARY: PreflightSummary = {
  modelHash: MODEL.hash,
  saeHash: SAE.hash,
  verdict: 'good',
  fvu: 0.1,
  l0: 30,
  recovered: 0.98,
  reading: {},
  createdAt: '2026-01-01T00:00:00.000Z'
}

describe('a preflight that comes with a call', () => {
  it('is kept as it is when it is of these files, and none is none', () => {
    expect(checkPreflight(SUMMARY, MODEL, SAE)).toEqual(SUMMARY)
    expect(checkPreflight(null, MODEL, SAE)).toBeNull()
    expect(checkPreflight(undefined, MODEL, SAE)).toBeNull()
  })

  it.each([
    ['model', { ...SUMMARY, modelHash: 'sha256:3' }, 'a model with the hash sha256:3, and gpt2 has sha256:1'],
    ['SAE', { ...SUMMARY, saeHash: 'sha256:4' }, 'an SAE with the hash sha256:4, and res-jb has sha256:2']
  ])('is refused when it is of another %s', async (_, summary, reason) => {
    expect(await failureOf(() => checkPreflight(summary, MODEL, SAE))).toBe(
      `The preflight is of other files: it looked at ${reason}. Run it again for this model and this SAE.`
    )
  })
})
