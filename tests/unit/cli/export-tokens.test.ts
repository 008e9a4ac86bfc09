import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CommandResult, OptionValues } from '../../../src/main/cli/command'
import { exportTokens } from '../../../src/main/cli/commands/export-tokens'
import { saveComparison } from '../../../src/main/storage/comparisons'
import { createProject } from '../../../src/main/storage/project'
import { quietTask } from '../../../src/shared/task'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { sampleComparison } from '../../support/records'
import { richComparison } from '../../support/rich-comparison'

let folder = ''
beforeEach(async () => {
  folder = await temporaryFolder()
  const project = await createProject(join(folder, 'p.gradsae'), 'P')
  await saveComparison(project, { name: 'rich', promptId: null, comparison: richComparison() })
  await saveComparison(project, { name: 'plain', promptId: null, comparison: sampleComparison() })
  project.close()
})

const run = (values: OptionValues): Promise<CommandResult> =>
  exportTokens.run(values, {
    engine: () => expect.fail('a table needs no engine'),
    task: quietTask(),
    cwd: folder,
    bundledModels: '/models-of-the-app',
    resources: '/nowhere',
    scratch: '/nowhere',
    version: 'test'
  })

describe('export-tokens', () => {
  it('writes every comparison, or those that are named, in the format that the file’s name ends with', async () => {
    for (const format of ['csv', 'parquet', 'json']) {
      const path = join(folder, `all.${format}`)
      const { json, human } = await run({ project: 'p.gradsae', out: `all.${format}` })
      expect(json).toMatchObject({ path, format, rows: 44, comparisons: 2 })
      expect(human).toBe(`${path}: 44 tokens of 2 comparisons`)
    }
    const one = await run({ project: 'p.gradsae', out: 'one.json', comparison: ['plain'] })
    expect(one.human).toContain('22 tokens of 1 comparison')
    const read = JSON.parse(await readFile(join(folder, 'one.json'), 'utf8')) as { comparisons: { name: string }[]; tokens: object[] }
    expect([read.comparisons.map(({ name }) => name), read.tokens.length]).toEqual([['plain'], 22])
    // only columns that some comparison of the table fills
    expect(Object.keys(read.tokens[0] ?? {}).filter((name) => name.startsWith('watched'))).toEqual([])
  })

  it('refuses other endings, comparisons that are not there, and projects without any, in words', async () => {
    expect(await failureOf(() => run({ project: 'p.gradsae', out: 'all.xlsx' }))).toContain(
      '--out ends in .csv, .json or .parquet, not "xlsx".'
    )
    expect(await failureOf(() => run({ project: 'p.gradsae', out: 'x.csv', comparison: ['sad'] }))).toContain(
      'holds no comparison "sad"; it holds "rich", "plain".'
    )
    await createProject(join(folder, 'none.gradsae'), 'P').then((project) => project.close())
    expect(await failureOf(() => run({ project: 'none.gradsae', out: 'x.csv' }))).toContain('holds no comparison: save one in Steer.')
  })
})
