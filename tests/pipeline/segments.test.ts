import { beforeAll, describe, expect, it } from 'vitest'
import {
  appendKeyValues,
  buildSegment,
  emptyKeyValues,
  layerOf,
  pastPositions,
  positionsFrom,
  type ModelSessions
} from '../../src/main/models'
import { f32, floatsOf, i64 } from '../../src/main/runtime'
import { DEFAULT_MODEL, EVERY_TINY_MODEL, largestGap } from '../support/models'
import { every, modelOpener, named, prefixRun, suffixRun, wholeRun } from '../support/segments'

const open = modelOpener()

// A cut changes no arithmetic, only which session does it; the runtime may fuse differently at the edge, hence 1e-4 and not 0.
// What the tiny models yield when cut is compared with PyTorch in architectures.test.ts.
it("gives the whole model's logits when cut at any hook point of the default model's first and last blocks", async () => {
  const sessions = await open(DEFAULT_MODEL)
  const { architecture, config, rawConfig, tokenizer } = sessions.model
  const ids = tokenizer.encode('Tom had a red ball, but Mia had a blue kite.\n')
  const whole = await wholeRun(sessions, ids)
  const hooks = architecture.hookPoints(config, rawConfig).filter((hook) => [0, config.n_layers - 1].includes(layerOf(hook)))
  expect(hooks).toHaveLength(14)
  for (const hook of hooks) {
    const cut = await prefixRun(sessions, ids, hook)
    expect(largestGap(await suffixRun(sessions, hook, cut, ids.length), whole), hook).toBeLessThan(1e-4)
  }
})

describe.each(named([DEFAULT_MODEL, ...EVERY_TINY_MODEL]))('%s', (_, folder) => {
  let sessions: ModelSessions
  let ids: number[] = []
  beforeAll(async () => {
    sessions = await open(folder)
    const { d_vocab } = sessions.model.config
    ids = Array.from({ length: 64 }, (_, index) => (index * index * 7 + 3 * index) % d_vocab)
  })

  // Float32 sums over past and new keys in another order than over all at once: 1e-4 is what the workbench promises of its cache.
  // 64 tokens are several windows of the tiny models that have one; the chunks put the window's edge at every place of a chunk.
  it.each([[[1]], [[4, 1]], [[23, 5]]])('decodes 64 tokens with a cache, in chunks of %j, as a full recompute does', async (chunks) => {
    const hook = sessions.model.architecture.hookPoints(sessions.model.config, sessions.model.rawConfig)[4] ?? ''
    const full = await wholeRun(sessions, ids)
    const { d_vocab } = sessions.model.config
    const prefix = await sessions.segment({ from: 'tokens', to: hook, cache: true })
    const suffix = await sessions.segment({ from: hook, to: 'logits', cache: true })
    const layersOf = (spec: { from: string; to: string }): readonly number[] =>
      buildSegment(sessions.model, { ...spec, cache: true }).layers
    let prefixPast = emptyKeyValues(sessions.model, layersOf({ from: 'tokens', to: hook }), 2)
    let suffixPast = emptyKeyValues(sessions.model, layersOf({ from: hook, to: 'logits' }), 2)
    for (let start = 0, turn = 0; start < ids.length; turn++) {
      const piece = ids.slice(start, start + (chunks[turn % chunks.length] ?? 1))
      const places = { positions: positionsFrom(start, piece.length), past_positions: pastPositions(start, prefixPast.room) }
      const first = await prefix.run({ ...prefixPast.tensors, tokens: i64([2, piece.length], [...piece, ...piece]), ...places })
      const second = await suffix.run({
        ...suffixPast.tensors,
        hook: first.hook ?? f32([0], []),
        ...(first.beside ? { beside: first.beside } : {}),
        ...places,
        select: every(piece.length)
      })
      const logits = floatsOf(second, 'logits')
      const expected = full.subarray(start * d_vocab, (start + piece.length) * d_vocab)
      expect(largestGap(logits.subarray(0, expected.length), expected)).toBeLessThan(1e-4)
      expect(largestGap(logits.subarray(expected.length), expected)).toBeLessThan(1e-4)
      prefixPast = appendKeyValues(prefixPast, start, first)
      suffixPast = appendKeyValues(suffixPast, start, second)
      start += piece.length
    }
  })

  it('divides the layers between prefix and suffix of every hook point, so that each cache has one owner', () => {
    const { model } = sessions
    const all = Array.from({ length: model.config.n_layers }, (_, layer) => layer)
    for (const hook of model.architecture.hookPoints(model.config, model.rawConfig)) {
      const before = buildSegment(model, { from: 'tokens', to: hook, cache: true }).layers
      const after = buildSegment(model, { from: hook, to: 'logits', cache: true }).layers
      expect([...before, ...after], hook).toEqual(all)
    }
  })
})
