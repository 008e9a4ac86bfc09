import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forwardResid } from '../../../../src/main/models'
import { activationOf, type ActiveLatents } from '../../../../src/main/saes'
import { inputScore, strongestExamples } from '../../../../src/main/steering/measures/input-score'
import { Cancelled } from '../../../../src/shared/errors'
import { quietTask } from '../../../../src/shared/task'
import { openStoryteller, type SteeringSubject } from '../../../support/steering'

describe('the input score', () => {
  const examples = Array.from({ length: 12 }, (_, i) => ({ ids: [100, i, 200], at: 1 }))

  it('is the share of examples whose strongest token is promoted', () => {
    expect(inputScore(new Set([0, 1, 2, 100, 200]), examples)).toBe(3 / 12)
    expect(inputScore(new Set(), examples)).toBe(0)
  })

  it('is not there with fewer than ten examples, unless fewer are asked for', () => {
    expect(inputScore(new Set([0]), examples.slice(0, 9))).toBeNull()
    expect(inputScore(new Set([0]), examples.slice(0, 9), 5)).toBe(1 / 9)
    expect(inputScore(new Set([0]), [], 0)).toBeNull()
  })

  it('counts a hundred examples at the most', () => {
    const many = Array.from({ length: 150 }, (_, i) => ({ ids: [i], at: 0 }))
    expect(inputScore(new Set(Array.from({ length: 50 }, (_, i) => 99 + i)), many)).toBe(1 / 100)
  })
})

describe('the strongest examples', () => {
  let subject: SteeringSubject
  beforeAll(async () => {
    subject = await openStoryteller()
  })
  afterAll(() => subject.release())

  const TEXTS = [
    'Tom was sad. He lost his ball.',
    'Lily was happy and ran to the park.',
    'The dog',
    'One day a girl saw a big red bird in the tree and she was very happy.'
  ]

  it('are those of plain passes, text by text, with special tokens left out', async () => {
    const { sessions } = subject.bench
    const { tokenizer } = sessions.model
    const texts = TEXTS.map((text) => tokenizer.encode(text))
    const plain: ActiveLatents[] = []
    for (const ids of texts)
      plain.push(await subject.sae.encoder.encode((await forwardResid(sessions, ids, subject.sae.hook)).data, ids.length))
    // Active at BOS in one text or another, or only elsewhere, or nowhere.
    const latents = [...new Set(plain.flatMap(({ latents: active }) => [...active].slice(0, 25)))]
    const found = await strongestExamples(sessions, subject.sae, [...latents, 0], texts, quietTask())
    for (const latent of [...latents, 0]) {
      const expected = texts
        .map((ids, i) => {
          const active = plain[i]
          const acts = ids.map((id, at) => (tokenizer.specialIds.has(id) || !active ? 0 : activationOf(active, at, latent)))
          return { ids, at: acts.indexOf(Math.max(...acts)), peak: Math.max(...acts) }
        })
        .filter(({ peak }) => peak > 0)
        .sort((a, b) => b.peak - a.peak)
      expect(found.get(latent), `latent ${latent}`).toEqual(expected.map(({ ids, at }) => ({ ids, at })))
    }
  })

  it('can be cancelled', async () => {
    const controller = new AbortController()
    controller.abort()
    const task = { signal: controller.signal, progress: () => undefined }
    await expect(strongestExamples(subject.bench.sessions, subject.sae, [1], [[1, 2]], task)).rejects.toThrow(Cancelled)
  })
})
