/** attribute-set and merge as programs that are killed. Needs a build. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { findShards, mergedResults, writeMerged } from '../../src/main/sets/shards/merge'
import { openProject } from '../../src/main/storage/project'
import { storedResults } from '../../src/main/storage/set-results'
import { projectState } from '../../src/main/storage/state'
import { readTable } from '../../src/main/tables'
import type { SetResult } from '../../src/shared/records/sets'
import { quietTask } from '../../src/shared/task'
import { RESULT_COLUMNS, resultsFrom } from '../../src/main/sets/results'
import { json, refusal, runCli } from '../support/command-line'
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

/** Kills the program the nth time that it makes a call of node:fs/promises for such a path. */
const killedAt = (call: 'open' | 'rename' | 'rm', file: string, nth: number): Record<string, string> => ({
  NODE_OPTIONS: `--require ${join(import.meta.dirname, '../support/killed-at.cjs')}`,
  KILLED_AT: JSON.stringify({ call, file, nth })
})

describe('attribute-set', () => {
  it('killed at any moment goes on where it was, and comes to the same table as undisturbed and in shards', async () => {
    const folder = await temporaryFolder()
    const prompts = await promptFile(folder)
    const [whole, killed, shards] = [join(folder, 'whole'), join(folder, 'killed'), join(folder, 'shards')]
    const undisturbed = json(Shard, await runCli(command(prompts, whole)))
    expect(undisturbed).toMatchObject({ shard: 0, of: 1, computed: undisturbed.own, own: undisturbed.batches, device: 'cpu' })
    const moments = [
      killedAt('rename', 'prompts\\.jsonl', 1),
      killedAt('open', 'batch-0000003', 1),
      killedAt('rename', 'batch-0000020', 1),
      killedAt('rename', 'shard-[^/]*\\.parquet', 1),
      killedAt('rename', 'shard-[^/]*\\.json', 1),
      killedAt('rm', '\\.parts$', 1)
    ]
    const done: number[] = []
    for (const env of moments) {
      expect(await runCli(command(prompts, killed), { env })).toMatchObject({ code: null, stdout: '' })
      done.push(
        (await readdir(join(killed, 'shard-00000-of-00001.parts')).catch(() => [])).filter((name) => name.endsWith('.parquet')).length
      )
    }
    // Before the first batch; while batch 3 was written; when 20 was whole but not in its place; then all of them, and never fewer again.
    expect(done).toStrictEqual([0, 3, 20, undisturbed.own, undisturbed.own, undisturbed.own])
    const rest = json(Shard, await runCli(command(prompts, killed)))
    expect(rest.computed).toBe(0)
    expect((await readdir(killed)).filter((name) => !name.startsWith('prompts.jsonl.')).sort()).toStrictEqual([
      'prompts.jsonl',
      'shard-00000-of-00001.json',
      'shard-00000-of-00001.parquet'
    ])
    expect(await readFile(rest.path)).toStrictEqual(await readFile(undisturbed.path))
    const own = await Promise.all([0, 1, 2].map((index) => runCli(command(prompts, shards, '--shard', `${index}/3`))))
    expect(own.map((finished) => json(Shard, finished).own).reduce((sum, count) => sum + count, 0)).toBe(undisturbed.batches)
    const out = join(folder, 'merged.parquet')
    expect(json(Merged, await runCli(['merge', '--in', shards, '--out', out, '--json']))).toMatchObject({ prompts: PROMPTS, shards: 3 })
    const table = await readFile(out)
    for (const from of [whole, killed]) {
      const path = join(folder, 'again.parquet')
      await writeMerged(await findShards([from]), path, 'parquet', quietTask())
      expect(await readFile(path)).toStrictEqual(table)
    }
    const results = resultsFrom('t', await readTable(out, 'parquet', RESULT_COLUMNS))
    expect(results.map(({ id, error }) => [id, error?.code])).toStrictEqual(
      Array.from({ length: PROMPTS }, (_, index) => [`q${index}`, index === 7 ? 'TOKEN_UNKNOWN' : undefined])
    )
  })

  it('merges into a new project that holds set, run and results, and into one that exists', async () => {
    const folder = await temporaryFolder()
    const [prompts, out, path] = [await promptFile(folder), join(folder, 'a run'), join(folder, 'p.gradsae')]
    expect((await runCli([...command(prompts, out), '--method', 'gradsae'])).code).toBe(0)
    expect((await runCli(['merge', '--in', out, '--project', path])).stdout).toContain('the set "a run" of 40 prompts with its run')
    expect((await runCli(['merge', '--in', out, '--project', path, '--name', 'again'])).code).toBe(0)
    expect((await readdir(folder)).sort()).toStrictEqual(['a run', 'p.gradsae', 'prompts.jsonl'])
    const project = await openProject(path)
    const { setRuns, sets } = await projectState(project)
    // Lists have the newest first.
    expect(sets.map(({ name, prompts: count }) => [name, count]).reverse()).toStrictEqual([
      ['a run', PROMPTS],
      ['again', PROMPTS]
    ])
    const run = setRuns.find(({ name }) => name === 'a run')
    expect(run).toMatchObject({ name: 'a run', failed: 1, hook: golden.hook, settings: { method: 'gradsae' } })
    expect(run?.done).toBe(run?.batches)
    const stored: SetResult[] = []
    for await (const results of storedResults(project, run?.id ?? '')) stored.push(...results)
    project.close()
    expect(stored.sort((a, b) => a.index - b.index)).toStrictEqual(await mergedResults(await findShards([out]), quietTask()))
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
