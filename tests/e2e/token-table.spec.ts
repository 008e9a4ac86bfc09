/**
 * A comparison that leaves the program, as a person does it: run, saved with the labels of its latents, every token of it written as a table
 * from the sidebar and from the bench's menu, and the whole of it as a report.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { parquetReadObjects } from 'hyparquet'
import Papa from 'papaparse'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page
let folder: string

const id = (name: string): Locator => page.getByTestId(name)
const NAME = 'Mia, three ways'

/** Answers the next native dialog in the main process. */
async function answerDialog(path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
  }, path)
}

test.beforeAll(async () => {
  folder = test.info().outputPath('user-data')
  workbench = await launchWorkbench({ userData: folder })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('view-steer').click()
  await expect(id('recipe')).toHaveCount(3)
})

test.afterAll(async () => {
  await workbench.close()
})

test('tokens are exported of what is saved only', async () => {
  await id('max-tokens').fill('20')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity').nth(3)).toContainText(/\d/, { timeout: 60_000 })
  await id('steer-more').click()
  await expect(id('export-tokens-csv')).toHaveAttribute('data-disabled', '')
  await page.keyboard.press('Escape')
  await id('save-comparison').click()
  await id('comparison-name').fill(NAME)
  await id('save-comparison-confirm').click()
  await expect(id('comparison-name')).toBeHidden()
})

test('the bench’s menu writes every token as CSV, with a manifest beside it', async () => {
  const path = join(folder, 'tokens.csv')
  await answerDialog(path)
  await id('steer-more').click()
  await id('export-tokens-csv').click()
  await expect(page.locator('.ui-toast-text').last()).toContainText(`to ${path}`)
  const { data } = Papa.parse<Record<string, string>>(readFileSync(path, 'utf8'), { header: true, skipEmptyLines: true })
  const texts = await id('column-text').allInnerTexts()
  expect(new Set(data.map(({ column }) => column))).toEqual(new Set(['0', '1', '2', '3']))
  const generated = data.filter((row) => row.generated === 'true')
  expect(generated).toHaveLength(4 * 20)
  expect(generated.every((row) => row.logprob !== '' && row.baseline_logprob !== '' && row.kl !== '' && row.edit_size !== '')).toBe(true)
  const [first] = data.filter((row) => row.column === '1' && row.generated === 'true')
  expect(texts[1]).toContain(first?.token?.trim())
  expect(JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8'))).toMatchObject({ comparisons: [{ name: NAME }] })
})

test('the sidebar writes the same numbers as Parquet', async () => {
  const path = join(folder, 'tokens.parquet')
  await answerDialog(path)
  await id('comparison-row').filter({ hasText: NAME }).click({ button: 'right' })
  await id('export-tokens-parquet').click()
  await expect(page.locator('.ui-toast-text').last()).toContainText(`to ${path}`)
  const bytes = readFileSync(path)
  const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) })
  const { data } = Papa.parse<Record<string, string>>(readFileSync(join(folder, 'tokens.csv'), 'utf8'), {
    header: true,
    skipEmptyLines: true
  })
  const numbers = ['column', 'position', 'token_id', 'logprob', 'baseline_logprob', 'kl', 'edit_size', 'target_probability']
  const ofRow = (row: Record<string, unknown>): unknown[] =>
    numbers.map((name) => (row[name] === null || row[name] === '' ? null : Number(row[name])))
  expect(rows.map(ofRow)).toEqual(data.map(ofRow))
})

test('the report has the recipes with labels, the scores and the formula', async () => {
  const path = join(folder, 'report.html')
  await answerDialog(path)
  await id('view-reports').click()
  await id('write-report').click()
  await expect(id('report-done')).toContainText(path, { timeout: 30_000 })
  const text = readFileSync(path, 'utf8')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
  expect(text).toContain(NAME)
  expect(text).toMatch(/latent \d+ \([^)]+\): /)
  expect(text).toContain('Every column begins with the same prompt and seed')
})
