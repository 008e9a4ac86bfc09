/** The estimate against what a process of its own takes. Needs a build. Larger models: `npm run bench -- --memory`. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { handlerTask, openEngine } from '../support/engine'
import { DEFAULT_SAE } from '../support/benches'
import { DEFAULT_MODEL } from '../support/models'

const CLI = join(import.meta.dirname, '../../out/main/cli.cjs')

/** Runs the command line, which says at its end what it took at most (kilobytes on every system). */
const WATCHED = `
  process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + '\\n'))
  process.argv.splice(1, 0, ${JSON.stringify(CLI)})
  require(${JSON.stringify(CLI)})
`

it('what the default model and its SAE take is estimated to within 15 % of the measured peak', async () => {
  // The prompt that estimates are made for: 128 positions, ranked, and a latent verified.
  const tokens = Array.from({ length: 128 }, (_, i) => 1 + ((i * 7919) % 2000)).join(',')
  const args = [
    'attribute',
    '--model',
    DEFAULT_MODEL,
    '--sae',
    DEFAULT_SAE,
    '--device',
    'cpu',
    '--tokens',
    tokens,
    '--verify',
    '1',
    '--json'
  ]
  const { NODE_OPTIONS: _options, ...env } = process.env
  const { status, stderr } = spawnSync(process.execPath, ['-e', WATCHED, '--', ...args], { encoding: 'utf8', env })
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  const peak = 1024 * Number(/peak (\d+)/.exec(stderr)?.[1])

  const engine = openEngine()
  const forModel = await engine['model.open']({ model: DEFAULT_MODEL, device: 'cpu' }, handlerTask())
  const forSae = await engine['sae.open']({ sae: DEFAULT_SAE }, handlerTask())
  const estimate = (forModel.memoryEstimate?.total ?? 0) + (forSae.memoryEstimate?.total ?? 0)
  // The number of issue 3.
  expect(estimate / peak).toBeGreaterThan(0.85)
  expect(estimate / peak).toBeLessThan(1.15)
})
