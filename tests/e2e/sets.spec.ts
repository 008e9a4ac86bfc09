/**
 * A prompt set, as a person does it: imported, run, aggregated, compared, exported; a run that outlives the engine and the application.
 * One project throughout; each test goes on where the one before ended.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let userData: string
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
const questions = (): string[] => readFileSync('models/storyteller/eval/qa_eval.jsonl', 'utf8').trim().split('\n')

async function start(): Promise<void> {
  workbench = await launchWorkbench({ userData })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('view-sets').click()
}

async function answerDialog(path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
}

async function importSet(name: string, count: number): Promise<void> {
  const path = join(userData, `${name}.jsonl`)
  const rows = questions()
    .slice(0, count)
    .map((line, index) => {
      const { id: key, prompt, answer } = JSON.parse(line) as { id: string; prompt: string; answer: string }
      return JSON.stringify({ key: `${key}-${index}`, question: prompt, answer, side: index % 2 ? 'odd' : 'even' })
    })
  writeFileSync(path, rows.join('\n'))
  await answerDialog(path)
  await id('set-import').click()
  await expect(id('set-column-prompt')).toContainText('question')
  await id('set-column-group').click()
  await page.getByRole('option', { name: 'side' }).click()
  await id('set-import-keep').click()
  await expect(id('set-page')).toBeVisible()
}

test.beforeAll(async () => {
  userData = test.info().outputPath('user-data')
  await start()
})

test.afterAll(async () => {
  await workbench.close()
})

test('a file is imported with its columns, and its prompts are listed', async () => {
  await importSet('questions', 12)
  await expect(id('set-prompts').getByTestId('table-row')).toHaveCount(12)
  await expect(id('set-page')).toContainText('in groups even, odd')
})

test('a run streams into table and chart, and is kept', async () => {
  await id('set-run').click()
  await expect(id('set-run-page')).toHaveAttribute('data-state', 'finished', { timeout: 60_000 })
  await expect(id('set-latents').getByTestId('table-row').first()).toBeVisible()
  await expect(id('set-count')).toContainText('12 prompts')
  await id('set-tab-prompts').click()
  await expect(id('set-results').getByTestId('table-row')).toHaveCount(12)
  await id('set-tab-latents').click()
})

test('two groups are compared, and a latent shows the prompts in which it mattered', async () => {
  await id('set-compare').click()
  await page.getByRole('option', { name: 'odd' }).click()
  await expect(id('set-compare-with')).toContainText('even')
  await expect(id('set-count')).toContainText('separate the groups')
  await id('set-chart-evidence').click()
  await expect(page.getByRole('group', { name: 'odd − even' })).toBeVisible()
  await id('set-latents').getByTestId('table-row').first().click()
  await expect(id('latent-prompts').locator('tbody tr').first()).toBeVisible()
})

test('results are exported with a manifest', async () => {
  const path = join(userData, 'out.csv')
  await answerDialog(path)
  await id('set-export').click()
  await id('set-export-csv').click()
  await expect.poll(() => existsSync(path) && existsSync(`${path}.manifest.json`)).toBe(true)
  expect(readFileSync(path, 'utf8').split('\n')[0]).toContain('prompt,id,tokens')
})

test('a run outlives a killed engine and a closed application, and no prompt is run twice', async () => {
  await importSet('many', 160)
  await id('set-run').click()
  await expect.poll(stored, { timeout: 30_000 }).toBeGreaterThan(0)
  process.kill(await enginePid(), 'SIGKILL')
  await expect(id('set-resume')).toBeVisible({ timeout: 20_000 })
  const afterKill = await pausedAt()
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })

  await id('set-resume').click()
  await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThan(afterKill)
  await workbench.close()
  await start()
  await id('set-run-row').filter({ hasText: 'paused' }).click()
  expect(await pausedAt()).toBeGreaterThan(afterKill)

  await id('set-resume').click()
  await expect(id('set-run-page')).toHaveAttribute('data-state', 'finished', { timeout: 120_000 })
  await expect(id('set-count')).toContainText('160 prompts')
  const path = join(userData, 'many.csv')
  await answerDialog(path)
  await id('set-export').click()
  await id('set-export-csv').click()
  await expect.poll(() => existsSync(path)).toBe(true)
  // Place, id, tokens and target open a row; texts of prompts have line breaks, but none looks like that.
  const prompts = [...readFileSync(path, 'utf8').matchAll(/^(\d+),[\w-]+,\d+,\d+,/gm)].map(([, place]) => place)
  expect(new Set(prompts).size).toBe(160)
  // The rows of a prompt stand together: none comes a second time further down.
  expect(prompts.filter((prompt, at) => prompt !== prompts[at - 1])).toHaveLength(160)
})

test('a run that is cancelled leaves the project, and undo brings it back', async () => {
  await id('set-run-back').click()
  await id('set-run').click()
  await id('set-cancel').click()
  await expect(id('set-run-page')).toHaveCount(0, { timeout: 20_000 })
  await expect(id('set-run-row')).toHaveCount(2)
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(id('set-run-row')).toHaveCount(3)
})

/** Prompts that the running run says it has stored; 0 before the first batch. */
async function stored(): Promise<number> {
  const words =
    (await id('set-progress')
      .textContent({ timeout: 1000 })
      .catch(() => null)) ?? ''
  return Number(/about (\d+) of/.exec(words)?.[1] ?? 0)
}

/** Prompts that the paused run says it has stored, counted in the project. */
async function pausedAt(): Promise<number> {
  await expect(id('set-run-page')).toHaveAttribute('data-state', 'unfinished')
  await expect(id('set-run-facts')).toHaveText(/^paused, \d+ of 160 prompts/, { timeout: 20_000 })
  return Number(/paused, (\d+) of/.exec((await id('set-run-facts').textContent()) ?? '')?.[1])
}

async function enginePid(): Promise<number> {
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  return metrics.find(({ name }) => name === 'gradsae-engine')?.pid ?? 0
}
