/**
 * Transcoders end to end on every tiny model: they read at one hook point and stand for what is written at another. What attribution,
 * the exact check and steering make of them is compared with runs in which the hook value is really changed.
 */
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hookValues, rankLatents, suffixLogits, verifyLatents, type AttributionRequest } from '../../src/main/attribution'
import { openModel } from '../../src/main/models'
import { compareRuns } from '../../src/main/steering/compare'
import { quietTask } from '../../src/shared/task'
import { openTestBench } from '../support/benches'
import { temporaryFolder } from '../support/folder'
import { EVERY_TINY_MODEL } from '../support/models'
import { writeTranscoder } from '../support/transcoder'

const IDS = [0, 9, 14, 3, 27, 31, 5]
const REQUEST: AttributionRequest = { prompt: { ids: IDS }, method: 'attribution', target: { id: 12 }, includeSpecial: true }
const WRITES = 'blocks.1.hook_mlp_out'

describe.each(EVERY_TINY_MODEL.map((folder) => ({ folder, name: basename(folder) })))('a transcoder of $name', ({ folder }) => {
  it.each(['ln2.hook_normalized', 'mlp.hook_in'])('reading at %s', async (place) => {
    const model = await openModel(folder)
    const reads = `blocks.1.${place}`
    if (!model.architecture.readPoints(model.config, model.rawConfig).includes(reads)) return
    const bench = await openTestBench(folder, await writeTranscoder(await temporaryFolder(), model.config.d_model, reads, WRITES))
    expect([bench.reads, bench.hook]).toEqual([reads, WRITES])

    // The parts of the gradient add up, with the skip connection among what the decoder writes without latents.
    const ranking = await rankLatents(bench, REQUEST, quietTask())
    expect(ranking.latents.length).toBeGreaterThan(5)
    expect(ranking.identity.relativeGap).toBeLessThan(1e-4)

    // With the error kept nothing but the latent's own share leaves the hook value.
    const own = await hookValues(bench, IDS)
    const active = await bench.encoder.encode(own.input, IDS.length, own.value)
    const latent = ranking.latents[0]?.latent ?? -1
    const u = active.latents.indexOf(latent)
    const { d_out } = active
    const without = own.value.map((value, i) => {
      const position = Math.floor(i / d_out)
      return value - (active.Z[position * active.latents.length + u] ?? 0) * (active.rows[u * d_out + (i % d_out)] ?? 0)
    })
    const [before] = await suffixLogits(bench, 1, own.value, own.beside)
    const [after] = await suffixLogits(bench, 1, without, own.beside)
    const { effects } = await verifyLatents(bench, REQUEST, [{ latent, score: 0 }], quietTask(), () => undefined)
    expect(effects[0]?.exactEffect).toBeCloseTo((before?.[12] ?? NaN) - (after?.[12] ?? NaN), 4)

    // Ablating it in the prompt leaves the distribution of the first token that the ablated run has.
    const intervention = { latent, mode: 'ablate', coefficient: 0, positions: 'all' } as const
    const { columns } = await compareRuns(
      { sessions: bench.sessions, sae: bench, versions: {} },
      {
        prompt: REQUEST.prompt,
        recipes: [{ id: 'r', name: 'r', interventions: [intervention], keepError: true }],
        settings: { maxTokens: 4, temperature: 0, topK: 0, topP: 1, seed: 1, stopAtEnd: false },
        target: { id: 12 },
        score: false
      },
      quietTask(),
      () => undefined
    )
    const total = (logits: ArrayLike<number> = []): number => Math.log(Array.from(logits, Math.exp).reduce((sum, each) => sum + each, 0))
    const steered = columns[1]?.tokens[0]
    // Log-probabilities of two float32 runs whose hook values differ by rounding.
    expect(steered?.logprob).toBeCloseTo((after?.[steered?.id ?? -1] ?? NaN) - total(after), 3)
  })
})
