/** `preflight`, and what `attribute` and `generate` make of its output, with the real engine. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { attribute } from '../../../src/main/cli/commands/attribute'
import { generate } from '../../../src/main/cli/commands/generate'
import { preflight } from '../../../src/main/cli/commands/preflight'
import { Preflight } from '../../../src/shared/records/preflight'
import { DEFAULT_SAE } from '../../support/benches'
import { BUNDLED_MODELS, openEngine } from '../../support/engine'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { DEFAULT_MODEL } from '../../support/models'
import { SHORT_TEXT } from '../../support/preflights'

const engine = openEngine()
const task = { signal: new AbortController().signal, progress: () => undefined }
const PAIR = { model: DEFAULT_MODEL, sae: DEFAULT_SAE, device: 'cpu' }
const contextIn = (cwd: string) => ({
  engine: () => engine,
  task,
  cwd,
  bundledModels: BUNDLED_MODELS,
  resources: cwd,
  scratch: cwd,
  version: 'test'
})

it('a preflight is measured on a text of one’s own, and what it prints goes with a ranking', async () => {
  const cwd = await temporaryFolder()
  const context = contextIn(cwd)
  await writeFile(join(cwd, 'text.txt'), SHORT_TEXT)
  const made = await preflight.run({ ...PAIR, text: 'text.txt', reading: '{"subtractDecoderBias": true}' }, context)
  const found = Preflight.parse(made.json)
  expect([found.verdict, found.textSource]).toEqual(['good', 'the given text'])
  expect(found.reading).toEqual({ subtractDecoderBias: true })
  expect(made.human).toContain('good: blocks.3.hook_resid_post-topk-2048 describes')

  await writeFile(join(cwd, 'found.json'), JSON.stringify(made.json))
  const prompt = { prompt: 'Once upon a time', preflight: 'found.json' }
  const ranked = await attribute.run({ ...PAIR, ...prompt }, context)
  expect(ranked.json).toMatchObject({
    provenance: { sae: { reading: { subtractDecoderBias: true } }, preflight: { verdict: 'good', saeHash: found.sae.hash, fvu: found.fvu } }
  })
  const stale = { ...found, sae: { ...found.sae, hash: 'sha256:other' } }
  await writeFile(join(cwd, 'found.json'), JSON.stringify(stale))
  expect(await failureOf(() => attribute.run({ ...PAIR, ...prompt }, context))).toMatch(/^The preflight is of other files: /)
  expect(await failureOf(() => generate.run({ ...PAIR, ...prompt, intervene: ['3:add:1'] }, context))).toMatch(
    /^The preflight is of other files: /
  )
})

it('a file that is no preflight is refused', async () => {
  const cwd = await temporaryFolder()
  await writeFile(join(cwd, 'other.json'), '{"verdict": "good"}')
  expect(await failureOf(() => attribute.run({ ...PAIR, prompt: 'a', preflight: 'other.json' }, contextIn(cwd)))).toContain(
    `--preflight takes what "preflight --json" prints, and ${join(cwd, 'other.json')} is not that.`
  )
})
