/** attribute-set and merge as programs that are killed. Needs a build. */
import { watch } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readTable } from '../../src/main/tables'
import { RESULT_COLUMNS, resultsFrom } from '../../src/main/sets/results'
import { json, refusal, runCli, type Finished } from '../support/command-line'
import { temporaryFolder } from '../support/folder'
import { GOLDEN_CASES } from '../support/golden-cases'
import { randomFrom } from '../support/random-numbers'

const golden = GOLDEN_CASES.find(({ name }) => name.startsWith('llama-tied-f16 with sae-00')) ?? expect.fail('there are golden cases')
const PROMPTS = 40

const Shard = z.strictObject({
  path: z.string(),
  shard: z.number(),
  of: z.number(),
  batches: z.number(),
  own: z.number(),
  computed: z.number(),
  rows: z.number(),
  device: z.string()
})
const Merged = z.strictObject({ path: z.string(), format: z.string(), shards: z.number(), prompts: z.number(), rows: z.number() })

async function promptFile(folder: string): Promise<string> {
  const random = randomFrom(1)
  const lines = Array.from({ length: PROMPTS }, (_, index) => {
    const tokens = Array.from({ length: 2 + random.below(10) }, () => 1 + random.below(golden.logits.length - 1))
    return JSON.stringify({ id: `q${index}`, tokens: index === 7 ? [9999] : tokens, ...(index % 2 ? { target: random.below(50) } : {}) })
  })
  const path = join(folder, 'prompts.jsonl')
  await writeFile(path, lines.join('\n'))
  return path
}

/** Exact ablation: a batch for each prompt, so that there are many moments to be killed at. */
const command = (prompts: string, out: string, ...more: string[]): string[] => [
  ...['attribute-set', '--model', golden.model, '--sae', golden.sae, '--hook', golden.hook, '--device', 'cpu'],
  ...['--prompts', prompts, '--out', out, '--method', 'exact', ...more, '--json']
]

/** Runs until `moment` says so of a file name that appears in the folder or below, and is killed then. */
async function killedWhen(out: string, moment: (name: string) => boolean, args: readonly string[]): Promise<Finished> {
  await mkdir(out, { recursive: true })
  let kill: (() => void) | null = null
  let due = false
  const watching = watch(out, { recursive: process.platform !== 'linux' })
  const parts = new Set<string>()
  const seen = (name: string | null): void => {
    if (name === null || !moment(name)) return
    due = true
    kill?.()
  }
  watching.on('change', (_, name) => {
    seen(name === null ? null : String(name))
    // Linux does not watch folders below: those that appear are watched by themselves.
    if (process.platform !== 'linux' || typeof name !== 'string' || !name.endsWith('.parts') || parts.has(name)) return
    parts.add(name)
    const below = watch(join(out, name))
    below.on('change', (_event, part) => seen(part === null ? null : String(part)))
    below.on('error', () => undefined)
    watching.once('close', () => below.close())
  })
  const run = runCli(args, {
    onStart: (signal) => {
      kill = () => signal('SIGKILL')
      if (due) kill()
    }
  })
  const finished = await run
  watching.close()
  return finished
}

describe('attribute-set', () => {
  it('killed at any moment goes on where it was, and comes to the same table as undisturbed and in shards', async () => {
    const folder = await temporaryFolder()
    const prompts = await promptFile(folder)
    const [whole, killed, shards] = [join(folder, 'whole'), join(folder, 'killed'), join(folder, 'shards')]
    const undisturbed = json(Shard, await runCli(command(prompts, whole)))
    expect(undisturbed).toMatchObject({ shard: 0, of: 1, computed: undisturbed.own, own: undisturbed.batches, device: 'cpu' })
    const moments = [
      (name: string) => name === 'prompts.jsonl',
      (name: string) => /^batch-.*\.parquet$/.test(name),
      (name: string) => name.startsWith('batch-0000020.parquet.'),
      (name: string) => /^shard-.*\.parquet\./.test(name)
    ]
    for (const moment of moments) expect((await killedWhen(killed, moment, command(prompts, killed))).code).toBeNull()
    const rest = json(Shard, await runCli(command(prompts, killed)))
    expect(rest.computed).toBe(0)
    expect((await readdir(killed)).sort()).toStrictEqual(['prompts.jsonl', 'shard-00000-of-00001.json', 'shard-00000-of-00001.parquet'])
    expect(await readFile(rest.path)).toStrictEqual(await readFile(undisturbed.path))
    const own = await Promise.all([0, 1, 2].map((index) => runCli(command(prompts, shards, '--shard', `${index}/3`))))
    expect(own.map((finished) => json(Shard, finished).own).reduce((sum, count) => sum + count, 0)).toBe(undisturbed.batches)
    const tables = await Promise.all(
      [whole, killed, shards].map(async (from, index) => {
        const out = join(folder, `${index}.parquet`)
        expect(json(Merged, await runCli(['merge', '--in', from, '--out', out, '--json']))).toMatchObject({ prompts: PROMPTS })
        return readFile(out)
      })
    )
    expect(tables[1]).toStrictEqual(tables[0])
    expect(tables[2]).toStrictEqual(tables[0])
    const results = resultsFrom('t', await readTable(join(folder, '0.parquet'), 'parquet', RESULT_COLUMNS))
    expect(results.map(({ id, error }) => [id, error?.code])).toStrictEqual(
      Array.from({ length: PROMPTS }, (_, index) => [`q${index}`, index === 7 ? 'TOKEN_UNKNOWN' : undefined])
    )
  })

  it('refuses to go on with other settings, to count shards from 1, and to merge what is incomplete', async () => {
    const folder = await temporaryFolder()
    const [prompts, out] = [await promptFile(folder), join(folder, 'out')]
    const first = await runCli(command(prompts, out, '--shard', '0/2'))
    expect(first.code).toBe(0)
    const [other, beyond, incomplete, format, both] = await Promise.all([
      runCli(command(prompts, out, '--shard', '0/2', '--exclude-special')),
      runCli(command(prompts, out, '--shard', '2/2')),
      runCli(['merge', '--in', out, '--out', join(folder, 'x.csv')]),
      runCli(['merge', '--in', out, '--out', join(folder, 'x.xls')]),
      runCli(['merge', '--in', out])
    ])
    expect(refusal(other)).toContain('what differs is the setting "includeSpecial" (true, false)')
    expect(refusal(beyond)).toContain('--shard counts from 0: of 2 shards the last is 1/2, not "2/2".')
    expect(refusal(incomplete)).toContain(`Missing or not finished in ${out}: 1, of 2 shards (counted from 0).`)
    expect(refusal(format)).toContain('Supported are .parquet, .csv, .jsonl.')
    expect(refusal(both)).toContain('Give either --out or --project.')
  })
})
