/** The SAEs that ship with the app: they open, describe their model's activations as well as their card says, and know their labels. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { promptActivations } from '../../src/main/attribution'
import { openModel } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { createLens, latentDetail, openLabels, openSae } from '../../src/main/saes'
import { DEFAULT_SAES, openTestBench } from '../support/benches'
import { DEFAULT_MODEL } from '../support/models'

const NAMES = [
  'blocks.1.hook_resid_post-topk-2048',
  'blocks.3.hook_resid_post-jumprelu-2048',
  'blocks.3.hook_resid_post-topk-2048',
  'blocks.4.hook_resid_post-topk-2048'
]

const Metrics = z.record(z.string(), z.object({ explained_variance: z.number(), l0: z.number() }))
const metrics = Metrics.parse(JSON.parse(readFileSync(join(DEFAULT_MODEL, '../eval/sae_metrics.json'), 'utf8')))

const Weighted = z.array(z.tuple([z.string(), z.number()]))
const Line = z.object({ id: z.number(), label: z.string(), promoted: Weighted, suppressed: Weighted })

const PROMPT = "Once, there was a kind girl called Lily. It was Lily's birthday. She was now six. Lily was so"

describe.each(NAMES)('%s', (name) => {
  const folder = join(DEFAULT_SAES, name)

  it('explains a prompt about as well as it explains its evaluation text', async () => {
    const bench = await openTestBench(DEFAULT_MODEL, folder)
    const { positions, fvu } = await promptActivations(bench, { text: PROMPT })
    const { explained_variance, l0 } = metrics[basename(folder)] ?? { explained_variance: NaN, l0: NaN }
    // One prompt of 28 tokens against 22,000 tokens: the same order of size, not the same number.
    expect(fvu).toBeLessThan(3 * (1 - explained_variance))
    // These SAEs were trained without BOS, and hundreds of JumpReLU latents fire on it: the first position is no measure of the others.
    const rest = positions.slice(1)
    const meanL0 = rest.reduce((sum, position) => sum + position.l0, 0) / rest.length
    if (name.includes('topk')) expect(meanL0).toBeLessThanOrEqual(24)
    expect(Math.abs(meanL0 - l0)).toBeLessThan(0.5 * l0)
  })

  it('has a label for every latent, and the logit lens its labels were made with', async () => {
    const model = await openModel(DEFAULT_MODEL)
    const sae = await openSae(folder)
    const labels = await openLabels(sae, null)
    expect(labels.all).toHaveLength(2048)
    const lines = readFileSync(join(folder, 'latents.jsonl'), 'utf8').split('\n')
    const lens = await createLens(openSession, model, 'cpu')
    for (const latent of [0, 777, 2047]) {
      const line = Line.parse(JSON.parse(lines[latent] ?? ''))
      const detail = await latentDetail(lens, sae, labels, latent)
      expect(detail.label).toBe(line.label)
      expect(detail.contexts.length).toBeGreaterThan(0)
      for (const side of ['promoted', 'suppressed'] as const) {
        expect(detail[side].map(({ text }) => text)).toEqual(line[side].map(([text]) => text))
        // The file holds three decimals.
        detail[side].forEach(({ weight }, place) => expect(Math.abs(weight - (line[side][place]?.[1] ?? NaN))).toBeLessThan(6e-4))
      }
    }
    await lens.release()
  })
})
