/** What the command line refuses, and how it ends. Needs a build. */
import { cp, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/main/cli/commands'
import { refusal, runCli } from '../support/command-line'
import { temporaryFolder } from '../support/folder'
import { GOLDEN_CASES } from '../support/golden-cases'
import { DEFAULT_MODEL } from '../support/models'

const LLAMA = GOLDEN_CASES.find(({ name }) => name.startsWith('llama-tied-f16 with sae-00')) ?? expect.fail('the case is there')

describe('refusals', () => {
  const model = ['--model', LLAMA.model]
  it.each<[string, string[], string]>([
    ['an unknown command', ['lgits'], `There is no command "lgits"; there are ${commands.map(({ name }) => name).join(', ')}.`],
    ['an unknown option', ['logits', '--modle', 'x'], "logits: Unknown option '--modle'"],
    ['prompt and tokens', ['logits', ...model, '--prompt', 'a', '--tokens', '1'], 'Give --prompt or --tokens, not both.'],
    [
      'a target of several tokens',
      ['attribute', ...model, '--sae', LLAMA.sae, '--prompt', 'a', '--target', 'bdf'],
      'The target "bdf" is 3 tokens for this model: "b", "d", "f".'
    ],
    [
      'a malformed intervention',
      ['generate', ...model, '--sae', LLAMA.sae, '--prompt', 'a', '--intervene', '3:push:1'],
      'The intervention "3:push:1" cannot be used: the mode "push" is not one of add, set, scale, ablate, clamp, project, cap.'
    ],
    [
      'a latent that does not exist',
      ['generate', ...model, '--sae', LLAMA.sae, '--prompt', 'a', '--max-tokens', '1', '--intervene', '37:add:1'],
      'The SAE sae-00-standard has no latent 37.'
    ],
    ['a project that is none', ['report', '--project', join(LLAMA.model, 'config.json'), '--out', 'x.html'], 'is not a GradSAE project']
  ])('%s', async (_, args, text) => {
    expect(refusal(await runCli([...args, '--json']))).toContain(text)
  })
})

describe('the end', () => {
  it('of an interrupted run has the exit code 130 and leaves stdout empty', async () => {
    const args = ['generate', '--model', DEFAULT_MODEL, '--prompt', 'Once', '--max-tokens', '150', '--no-stop', '--json']
    const preload = join(import.meta.dirname, '../support/interrupted-at.cjs')
    const run = await runCli(args, { env: { NODE_OPTIONS: `--require "${preload}"`, INTERRUPTED_AT: 'Generating' } })
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 130, stdout: '' })
    expect(run.stderr).toContain('Interrupted.')
  })

  it('of the one who reads stdout is no crash', async () => {
    const run = await runCli(['logits', '--model', LLAMA.model, '--tokens', '1,2'], { closeOutput: true })
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 141, stderr: '' })
  })

  it('of the space behind stdout says so', async () => {
    const run = await runCli(['logits', '--model', LLAMA.model, '--tokens', '1,2'], { before: ['sh', '-c', 'exec "$0" "$@" > /dev/full'] })
    expect(refusal(run)).toBe(
      'error: The disk is full: the standard output could not be written.\nFree some space and try again. What was saved before is unchanged.\n'
    )
  })
})

describe('a damaged model', () => {
  it('is refused by its text, and never with a stack', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(LLAMA.model, folder, { recursive: true })
    await truncate(join(folder, 'model.safetensors'), 9000)
    expect(refusal(await runCli(['logits', '--model', folder, '--tokens', '1']))).toBe(
      `error: ${folder}/model.safetensors is not a valid safetensors file: it is cut off: 9000 of 27792 bytes are there.\nThe file is damaged or was cut off while downloading; download it again.\n`
    )
  })
})
