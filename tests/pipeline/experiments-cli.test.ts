/** `experiment` as a program that is killed, and one that repeats a manifest. Needs a build. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ExperimentManifest, ExperimentResult, Reproduction } from '../../src/shared/records/experiment'
import { json, refusal, runCli } from '../support/command-line'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL } from '../support/models'

const Ran = z.strictObject({ result: ExperimentResult, files: z.array(z.string()) })
const Repeated = Ran.extend({ reproduction: Reproduction })

const SAE = join(DEFAULT_MODEL, '../saes/blocks.4.hook_resid_post-topk-2048')
const SMALL = ['--limit', '3', '--set', 'methods=gradsae,random', '--set', 'counts=2', '--set', 'filter=none', '--set', 'maxTokens=4']

const command = (out: string, ...more: string[]): string[] => [
  ...['experiment', 'masking', '--model', DEFAULT_MODEL, '--sae', SAE, '--device', 'cpu', '--out', out, ...SMALL, ...more, '--json']
]

/** Kills the program the nth time that it renames such a file into place. */
const killedAt = (file: string, nth: number): Record<string, string> => ({
  NODE_OPTIONS: `--require ${join(import.meta.dirname, '../support/killed-at.cjs')}`,
  KILLED_AT: JSON.stringify({ call: 'rename', file, nth })
})

describe('experiment', () => {
  it('killed between parts and while it writes its result, it comes to the same bytes as undisturbed', async () => {
    const folder = await temporaryFolder()
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
    const undisturbed = json(Ran, await runCli(command(whole)))
    expect(undisturbed.result.prompts).toBe(3)
    expect(await runCli(command(killed), { env: killedAt('part-0000001', 1) })).toMatchObject({ code: null })
    expect((await readdir(join(killed, 'parts'))).filter((name) => name.endsWith('.json'))).toEqual(['part-0000000.json'])
    expect(await runCli(command(killed), { env: killedAt('em\\.parquet', 1) })).toMatchObject({ code: null })
    const resumed = json(Ran, await runCli(command(killed)))
    expect(resumed.result).toEqual(undisturbed.result)
    for (const name of ['result.json', 'csv/em.csv', 'parquet/em.parquet', 'csv/em_top.csv'])
      expect(await readFile(join(killed, name))).toEqual(await readFile(join(whole, name)))
    expect(refusal(await runCli(command(killed, '--set', 'seed=5')))).toContain('what differs is the setting "seed"')
  }, 120_000)

  it('is repeated from its manifest, and says whether it reproduced', async () => {
    const folder = await temporaryFolder()
    const first = join(folder, 'first')
    json(Ran, await runCli(command(first)))
    const path = join(first, 'manifest.json')
    const again = json(Repeated, await runCli(['experiment', '--rerun', path, '--out', join(folder, 'again'), '--json']))
    expect(again.reproduction).toEqual({ same: true, largest: 0, differences: [] })
    const manifest = ExperimentManifest.parse(JSON.parse(await readFile(path, 'utf8')))
    await writeFile(path, JSON.stringify({ ...manifest, settings: { ...manifest.settings, counts: [9] } }))
    const other = await runCli(['experiment', '--rerun', path, '--out', join(folder, 'other')])
    expect(other.code).toBe(1)
    expect(other.stdout).toContain('It did not reproduce: the largest difference is')
  }, 120_000)

  it('refuses what it cannot run, by name', async () => {
    const folder = await temporaryFolder()
    const out = ['--out', join(folder, 'out'), '--model', DEFAULT_MODEL, '--sae', SAE]
    expect(refusal(await runCli(['experiment', 'mask', ...out]))).toContain('Name one experiment: masking, transplant')
    expect(refusal(await runCli(['experiment', 'masking', ...out, '--set', 'k=1']))).toContain(
      '--set takes KEY=VALUE with one of methods, counts'
    )
    expect(refusal(await runCli(['experiment', 'masking', ...out, '--set', 'counts=one']))).toContain(
      '--set counts takes numbers, not "one"'
    )
    expect(refusal(await runCli(['experiment', 'masking', ...out, '--set', 'token=last']))).toContain('cannot be run with this "token"')
    expect(refusal(await runCli(['experiment', '--rerun', join(folder, 'none.json'), ...out]))).toContain('does not exist')
  }, 60_000)
})
