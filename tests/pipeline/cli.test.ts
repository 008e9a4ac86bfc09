/** The command line as a program: its JSON, its exit codes, its texts. Needs a build; numbers are checked in cli-numbers.test.ts. */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json, refusal, runCli } from '../support/command-line'
import { temporaryFolder } from '../support/folder'
import { GOLDEN_CASES, type GoldenCase } from '../support/golden-cases'
import { DEFAULT_MODEL } from '../support/models'

const TokenText = z.strictObject({ id: z.number().int(), text: z.string() })
const Logits = z.strictObject({
  tokens: z.array(TokenText),
  top: z.array(TokenText.extend({ logit: z.number(), probability: z.number() }))
})
const Activations = z.object({
  positions: z.array(
    z.object({
      position: z.number().int(),
      token: z.string(),
      active: z.array(z.strictObject({ latent: z.number().int(), activation: z.number().positive() })),
      l0: z.number().int(),
      fvu: z.number()
    })
  ),
  fvu: z.number()
})
const Attribution = z.object({
  target: z.object({ id: z.number().int(), text: z.string(), probability: z.number(), logit: z.number() }),
  method: z.enum(['gradsae', 'attribution']),
  latents: z.array(
    z.strictObject({
      latent: z.number().int(),
      score: z.number(),
      positions: z
        .array(z.strictObject({ position: z.number().int(), activation: z.number(), gradient: z.number(), score: z.number() }))
        .min(1),
      exactEffect: z.number().optional()
    })
  ),
  identity: z.strictObject({ total: z.number(), latents: z.number(), decoderBias: z.number(), error: z.number() }),
  correlation: z.strictObject({ pearson: z.number().nullable(), spearman: z.number().nullable() }).optional(),
  provenance: z.object({ hook: z.string() })
})
const Generated = z.object({ text: z.string(), tokens: z.array(TokenText.extend({ logprob: z.number() })) })

const golden = (name: string): GoldenCase =>
  GOLDEN_CASES.find((candidate) => candidate.name.startsWith(name)) ?? GOLDEN_CASES[0] ?? expect.fail('there are golden cases')
const LLAMA = golden('llama-tied-f16 with sae-00')
const NAMELESS = golden('llama-sharded-biased with sae-04')
const ids = (of: GoldenCase): string => of.ids.join(',')

describe('the JSON of', () => {
  it('logits has the tokens and the likeliest next ones; text gets the BOS of its tokenizer, ids get nothing', async () => {
    const [asText, asIds] = await Promise.all([
      runCli(['logits', '--model', LLAMA.model, '--prompt', 'the cat', '--top', '3', '--json']),
      runCli(['logits', '--model', LLAMA.model, '--tokens', ids(LLAMA).slice(2), '--json'])
    ])
    const typed = json(Logits, asText)
    expect(typed.tokens.map(({ text }) => text)).toEqual(['<|bos|>', 'the', ' cat'])
    expect(typed.top).toHaveLength(3)
    const exact = json(Logits, asIds)
    expect(exact.tokens.map(({ id }) => id)).toEqual(LLAMA.ids.slice(1))
    expect(exact.top).toHaveLength(10)
  })

  it('activations has every position', async () => {
    const found = json(
      Activations,
      await runCli(['activations', '--model', LLAMA.model, '--sae', LLAMA.sae, '--tokens', ids(LLAMA), '--json'])
    )
    expect(found.positions.map(({ l0 }) => l0)).toEqual(LLAMA.activations.positions.map(({ active }) => active.length))
    expect(found.fvu).toBeCloseTo(LLAMA.activations.fvu, 4)
  })

  it('attribute has target, latents with positions, identity, and with --verify exact effects and correlation', async () => {
    const common = ['attribute', '--model', LLAMA.model, '--sae', LLAMA.sae, '--tokens', ids(LLAMA), '--json']
    const [plain, asked] = await Promise.all([
      runCli([...common, '--top', '5']),
      runCli([...common, '--method', 'attribution', '--target-id', '17', '--exclude-special', '--verify', '1000'])
    ])
    const first = json(Attribution, plain)
    expect(first.latents).toHaveLength(5)
    expect(first.method).toBe('gradsae')
    expect(first.correlation).toBeUndefined()
    expect(first.latents.every(({ exactEffect }) => exactEffect === undefined)).toBe(true)
    const second = json(Attribution, asked)
    const wanted = LLAMA.rankings[3]
    expect(second.target.id).toBe(17)
    expect(second.latents).toHaveLength(wanted?.latents.length ?? NaN)
    expect(second.latents.every(({ exactEffect }) => exactEffect !== undefined)).toBe(true)
    expect(second.correlation?.spearman).toBeGreaterThan(0)
    expect(second.identity.total).toBeCloseTo(wanted?.identity.total ?? NaN, 3)
  })

  it('generate has the steered text: any number of --intervene, negative coefficients, with and without the error term', async () => {
    const settings = ['--tokens', ids(LLAMA), '--max-tokens', '5', '--json']
    const wanted = LLAMA.generations.filter(
      ({ interventions }) => interventions?.length === 4 || interventions?.join().endsWith(',add,-6.5,all')
    )
    const runs = wanted.map(async ({ interventions, keepError, ids: text }) => {
      const specs = (interventions ?? []).flatMap((parts) => ['--intervene', parts.join(':')])
      const run = await runCli([
        'generate',
        '--model',
        LLAMA.model,
        '--sae',
        LLAMA.sae,
        ...specs,
        ...(keepError ? [] : ['--drop-error']),
        ...settings
      ])
      const { tokens } = json(Generated, run)
      expect(tokens.map(({ id }) => id)).toEqual(text)
    })
    expect(runs).toHaveLength(3)
    await Promise.all(runs)
  })

  it('two runs with one seed is the same, and another seed gives another text', async () => {
    const run = async (seed: string) =>
      json(
        Generated,
        await runCli([
          'generate',
          '--model',
          LLAMA.model,
          '--prompt',
          'the',
          '--temperature',
          '2',
          '--top-k',
          '40',
          '--top-p',
          '0.99',
          '--seed',
          seed,
          '--max-tokens',
          '12',
          '--json'
        ])
      )
    const [a, b, c] = await Promise.all([run('7'), run('7'), run('8')])
    expect(b).toEqual(a)
    expect(c.tokens).not.toEqual(a.tokens)
  })
})

describe('hook points', () => {
  const common = (of: GoldenCase): string[] => ['attribute', '--model', of.model, '--sae', of.sae, '--tokens', ids(of), '--json']

  it('--hook gives the one that the folder does not name, and wins over the one it names', async () => {
    const [missing, given, other] = await Promise.all([
      runCli(common(NAMELESS)),
      runCli([...common(NAMELESS), '--hook', NAMELESS.hook]),
      runCli([...common(LLAMA), '--hook', 'blocks.1.hook_resid_mid'])
    ])
    expect(refusal(missing)).toBe(
      `error: The SAE in ${NAMELESS.sae} does not name its hook point.\nChoose the hook point (--hook on the command line).\n`
    )
    expect(json(Attribution, given).provenance.hook).toBe(NAMELESS.hook)
    expect(json(Attribution, other).provenance.hook).toBe('blocks.1.hook_resid_mid')
  })
})

describe('prompts', () => {
  it.each([
    ['that begins with a dash', ['--prompt=-007 '], '-007 '],
    ['with a line break and a tab', ['--prompt', 'a\n\tb'], 'a\n\tb']
  ])('one %s is taken as it is', async (_, given, text) => {
    const { tokens } = json(Logits, await runCli(['logits', '--model', DEFAULT_MODEL, ...given, '--json']))
    expect(
      tokens
        .slice(1)
        .map((token) => token.text)
        .join('')
    ).toBe(text)
  })

  it('with characters beyond the vocabulary is spelt in bytes', async () => {
    const { tokens } = json(Logits, await runCli(['logits', '--model', DEFAULT_MODEL, '--prompt', 'Zoë 日本 🙂', '--json']))
    expect(tokens).toHaveLength(1 + Buffer.byteLength('Zoë 日本 🙂'))
  })
})

describe('paths', () => {
  it('are taken from the folder the command was typed in, also where npm has moved away from it', async () => {
    const typedIn = await temporaryFolder()
    await symlink(LLAMA.model, join(typedIn, 'my model'))
    const args = [
      'activations',
      '--model',
      'my model',
      '--sae',
      `./my model/${relative(LLAMA.model, LLAMA.sae)}`,
      '--tokens',
      ids(LLAMA),
      '--json'
    ]
    const [direct, throughNpm] = await Promise.all([runCli(args, { cwd: typedIn }), runCli(args, { typedIn })])
    expect(json(Activations, direct)).toEqual(json(Activations, throughNpm))
  })
})

describe('a device that is not there', () => {
  it('is named on stderr beside the one that was used instead', async () => {
    const run = await runCli(['logits', '--model', LLAMA.model, '--tokens', '1,2', '--device', 'dml', '--json'])
    json(Logits, run)
    if (process.platform !== 'win32') expect(run.stderr).toContain('note: The device dml did not work here; cpu was used.\n')
  })
})

describe('report', () => {
  const DEMO = join(import.meta.dirname, '../../resources/demo/demo.gradsae')

  it('writes one file that needs no other, and says where it is', async () => {
    const folder = await temporaryFolder()
    await copyFile(DEMO, join(folder, 'p.gradsae'))
    const run = await runCli(['report', '--project', 'p.gradsae', '--out', 'r.html', '--json'], { cwd: folder })
    const written = json(z.object({ path: z.string(), bytes: z.number() }), run)
    const html = await readFile(join(folder, 'r.html'), 'utf8')
    expect(written).toEqual({ path: join(folder, 'r.html'), bytes: Buffer.byteLength(html) })
    expect(html).toMatch(/^<!doctype html>/i)
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/)
  })

  it('on a full disk fails with its own text', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'small'))
    await copyFile(DEMO, join(folder, 'p.gradsae'))
    const args = ['report', '--project', join(folder, 'p.gradsae'), '--out']
    // A file system of 16 KiB, seen by this one process only; where the system lets nobody make one, a limit on file sizes stands in.
    const mounting = 'mount -t tmpfs -o size=16k tmpfs "$0" && '
    const namespaces = spawnSync('unshare', ['-rm', 'sh', '-c', `${mounting}true`, join(folder, 'small')]).status === 0
    const limited = namespaces
      ? ['unshare', '-rm', 'sh', '-c', `${mounting}exec "$@"`]
      : ['sh', '-c', 'trap "" XFSZ; ulimit -f 16; exec "$@"']
    const full = await runCli([...args, join(folder, 'small', 'r.html')], { before: [...limited, join(folder, 'small')] })
    expect(refusal(full)).toContain(namespaces ? 'The disk is full: ' : 'r.html cannot be written: ')
  })
})
