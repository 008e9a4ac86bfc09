/** `steer` as a program: a grid of strengths, seeds and recipes, killed and resumed, and what it refuses. Needs a build. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ExperimentResult, type ResultCell } from '../../src/shared/records/experiment'
import { Interval } from '../../src/shared/records/sets'
import { json, refusal, runCli } from '../support/command-line'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL } from '../support/models'

const Ran = z.strictObject({ result: ExperimentResult, files: z.array(z.string()) })
const SAE = join(DEFAULT_MODEL, '../saes/blocks.3.hook_resid_post-topk-2048')

/** Writes two recipes of the bench's SAE as files. */
async function recipesIn(folder: string): Promise<string[]> {
  const edit = { latent: 402, mode: 'add', coefficient: 4, positions: 'all' }
  const recipes = [
    { id: 'up', name: 'up', interventions: [edit], keepError: true },
    { id: 'gone', name: 'gone', interventions: [{ ...edit, mode: 'ablate', coefficient: 0 }], keepError: true }
  ]
  const files = recipes.map(({ name }) => join(folder, `${name}.json`))
  const model = { name: 'storyteller', path: '', hash: '' }
  for (const [at, file] of files.entries())
    await writeFile(
      file,
      JSON.stringify({ format: 'gradsae recipe', version: 1, workbench: 'test', model, sae: null, recipe: recipes[at] })
    )
  return files
}

const command = (out: string, recipes: readonly string[], ...more: string[]): string[] => [
  ...['steer', '--model', DEFAULT_MODEL, '--sae', SAE, '--device', 'cpu', '--out', out],
  ...recipes.flatMap((file) => ['--recipe', file]),
  ...['--max-tokens', '3', ...more, '--json']
]

/** Kills the program the nth time that it renames such a file into place. */
const killedAt = (file: string, nth: number): Record<string, string> => ({
  NODE_OPTIONS: `--require ${join(import.meta.dirname, '../support/killed-at.cjs')}`,
  KILLED_AT: JSON.stringify({ call: 'rename', file, nth })
})

const rowsOf = ({ result }: z.infer<typeof Ran>, name: string): readonly (readonly ResultCell[])[] =>
  result.tables.find((table) => table.name === name)?.rows ?? expect.fail(`there is a table ${name}`)

describe('steer', () => {
  it('runs every recipe at every strength and seed, beside the baseline, which strength 0 is to the last bit', async () => {
    const folder = await temporaryFolder()
    const recipes = await recipesIn(folder)
    const grid = ['--prompt', 'Once upon a time', '--coefficients', '-2,0,2', '--seeds', '1,2,3', '--target', ' girl']
    const ran = json(Ran, await runCli(command(join(folder, 'out'), recipes, ...grid)))
    const texts = rowsOf(ran, 'texts').map(([, seed, recipe, strength]) => JSON.stringify([seed, recipe, strength]))
    expect(texts).toHaveLength(3 * 2 * 3)
    expect(new Set(texts).size).toBe(texts.length)
    const kl = ran.result.tables.find(({ name }) => name === 'dose_response')?.columns.findIndex(({ key }) => key === 'kl') ?? -1
    const doses = rowsOf(ran, 'dose_response')
    expect(doses.map(([recipe, strength]) => [recipe, strength])).toEqual(
      ['up', 'gone'].flatMap((recipe) => [-2, 0, 2].map((strength) => [recipe, strength]))
    )
    for (const row of doses) {
      const { value } = Interval.parse(row[kl])
      if (row[1] === 0) expect(value).toBe(0)
      else if (row[0] === 'up') expect(value).toBeGreaterThan(0)
    }
    // The baseline's text is the same beside every recipe.
    const baseline = rowsOf(ran, 'texts').filter((row) => row[3] === 0)
    for (const seed of [1, 2, 3]) expect(new Set(baseline.filter((row) => row[1] === seed).map((row) => row.at(-1))).size).toBe(1)
    expect(await readdir(join(folder, 'out'))).toEqual(expect.arrayContaining(['csv', 'manifest.json', 'parquet', 'parts', 'result.json']))
  }, 120_000)

  it('of 500 generations, killed twice, comes to the same bytes as undisturbed', async () => {
    const folder = await temporaryFolder()
    const recipes = await recipesIn(folder)
    const prompts = join(folder, 'prompts.jsonl')
    const lines = Array.from({ length: 28 }, (_, at) => JSON.stringify({ id: `p${at}`, prompt: `Tom has ${at + 1} red balls. He` }))
    await writeFile(prompts, lines.join('\n'))
    // 28 prompts x 2 seeds x (1 baseline + 2 recipes x 4 strengths) = 504.
    const grid = ['--prompts', prompts, '--coefficients', '-1,0.5,1,2', '--seeds', '1,2']
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
    const undisturbed = json(Ran, await runCli(command(whole, recipes, ...grid)))
    expect(undisturbed.result.tables.find(({ name }) => name === 'texts')?.note).toContain('504 generations')
    expect(await runCli(command(killed, recipes, ...grid), { env: killedAt('part-0000007', 1) })).toMatchObject({ code: null })
    expect(await runCli(command(killed, recipes, ...grid), { env: killedAt('part-0000040', 1) })).toMatchObject({ code: null })
    expect((await readdir(join(killed, 'parts'))).filter((name) => name.endsWith('.json'))).toHaveLength(40)
    const resumed = json(Ran, await runCli(command(killed, recipes, ...grid)))
    expect(resumed.result).toEqual(undisturbed.result)
    for (const name of ['result.json', 'csv/texts.csv', 'parquet/dose_response.parquet'])
      expect(await readFile(join(killed, name))).toEqual(await readFile(join(whole, name)))
  }, 240_000)

  it('does nothing of what is there already, and says so', async () => {
    const folder = await temporaryFolder()
    const recipes = await recipesIn(folder)
    const out = join(folder, 'out')
    const call = command(out, recipes, '--prompt', 'Once upon a time', '--coefficients', '-1,1', '--seeds', '1,2').filter(
      (word) => word !== '--json'
    )
    const first = await runCli(call)
    expect(first).toMatchObject({ code: 0 })
    expect(first.stdout).not.toContain('were there already')
    const parts = async (): Promise<number[]> => {
      const names = (await readdir(join(out, 'parts'))).sort()
      return Promise.all(names.map(async (name) => (await stat(join(out, 'parts', name))).mtimeMs))
    }
    const [before, result] = [await parts(), await readFile(join(out, 'result.json'))]
    const second = await runCli(call)
    expect(second).toMatchObject({ code: 0 })
    expect(second.stdout).toContain('2 of 2 parts were there already; nothing was run again.')
    expect(await parts()).toEqual(before)
    expect(await readFile(join(out, 'result.json'))).toEqual(result)
    // Another grid is another run: it does not mix with what is there.
    expect(
      refusal(await runCli(command(out, recipes, '--prompt', 'Once upon a time', '--coefficients', '-1,2', '--seeds', '1,2')))
    ).toContain(out)
  }, 60_000)

  it('refuses what it cannot run, by name', async () => {
    const folder = await temporaryFolder()
    const [up = ''] = await recipesIn(folder)
    const out = join(folder, 'out')
    const bad = join(folder, 'bad.json')
    await writeFile(bad, '{"format": "gradsae recipe"')
    expect(refusal(await runCli(command(out, [], '--prompt', 'a')))).toContain('--recipe is missing')
    expect(refusal(await runCli(command(out, [bad], '--prompt', 'a')))).toContain('bad.json')
    expect(refusal(await runCli(command(out, [up], '--prompt', 'a', '--coefficients', '1,much')))).toContain(
      '--coefficients takes numbers parted by commas, not "1,much"'
    )
    expect(refusal(await runCli(command(out, [up])))).toContain('prompt')
  }, 60_000)
})
