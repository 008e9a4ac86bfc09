/**
 * The main job, as a person does it: a prompt, its ranking, another target, the exact check, saving, finding it again after a restart,
 * side by side, steering, and the report. One app and one project throughout; each test goes on where the one before ended.
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
const rows = (): Locator => id('ranking-table').getByTestId('table-row')
/** Rows of the ranking as they are read: rank, latent, label, numbers. */
const firstRows = async (): Promise<string[]> => (await rows().allInnerTexts()).slice(0, 10).map((text) => text.replace(/\s+/g, ' '))

async function start(): Promise<void> {
  workbench = await launchWorkbench({ userData })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
}

async function run(): Promise<void> {
  await id('run').click()
  await expect(id('run')).toBeVisible({ timeout: 20_000 })
  await expect(id('engine-state')).toBeVisible({ timeout: 20_000 })
}

async function choose(select: string, option: string): Promise<void> {
  await id(select).click()
  await page.getByRole('option', { name: option }).first().click()
}

async function openPrompt(text: string): Promise<void> {
  await id('prompt-row').filter({ hasText: text }).first().click()
  await expect(id('prompt')).toHaveValue(new RegExp(`^${text}`))
}

/** Answers the next native dialog in the main process. */
async function answerDialog(path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
}

/** Chooses an item of the project menu and answers its dialog. */
async function chooseFromMenu(item: string, path: string): Promise<void> {
  await answerDialog(path)
  await id('project-menu').click()
  await id(item).click()
}

test.beforeAll(async () => {
  userData = test.info().outputPath('user-data')
  await start()
})

test.afterAll(async () => {
  await workbench.close()
})

test('the first start shows the demo project with a ranking and its charts', async () => {
  await expect(id('project-menu')).toContainText('Demo')
  expect(await id('prompt-row').count()).toBeGreaterThan(30)
  await expect(rows().first()).toBeVisible()
  await expect(id('scatter-caption')).toContainText('latents are active')
  await expect(id('fact-spearman').first()).toBeVisible()
})

test('a prompt is analysed', async () => {
  await openPrompt('Rosa had a blue kite')
  await choose('method', 'GradSAE')
  await run()
  await expect(id('result-target')).toContainText('cried')
  await expect(id('fact-latents').first()).toBeVisible()
  await expect(rows().first()).toContainText('1')
  await expect(id('token-strip')).toContainText('kite')
})

test('another target gives another ranking, and a text of several tokens is explained', async () => {
  const before = await firstRows()
  await id('target-any').fill('xylophone zebra')
  await expect(id('target-pieces')).toContainText('is 10 tokens for this model')
  await id('target-any').fill('')
  await page.keyboard.press('Escape')
  await id('target-token').nth(1).click()
  await run()
  await expect(id('result-target')).not.toContainText('cried')
  expect(await firstRows()).not.toEqual(before)
})

test('the exact check fills its column and says how well the estimates agree', async () => {
  await id('verify').click()
  await expect(id('fact-spearman').first()).toContainText(/\d/, { timeout: 20_000 })
  const exact = await rows().first().locator('[role=gridcell], td').allInnerTexts()
  expect(exact.join(' ')).toMatch(/[+−]\d/)
})

test('selecting a row selects everywhere', async () => {
  await rows().nth(2).click()
  const latent = await rows().nth(2).getAttribute('data-key')
  await expect(rows().nth(2)).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByText(`latent ${latent}`, { exact: true })).toBeVisible()
  await id('toggle-drawer').click()
  await expect(id('latent-drawer')).toContainText(`Latent ${latent}`)
  await expect(id('latent-detail')).toContainText('Top contexts')
  await id('toggle-drawer').click()
})

test('a ranking is saved and found again after a restart, exactly', async () => {
  await page.keyboard.press('Escape')
  await id('save-ranking').click()
  await id('ranking-name').fill('Rosa, second choice')
  await id('ranking-save-confirm').click()
  await expect(id('ranking-row').filter({ hasText: 'Rosa, second choice' })).toBeVisible()
  const saved = await firstRows()
  await workbench.close()
  await start()
  await id('ranking-row').filter({ hasText: 'Rosa, second choice' }).click()
  await expect(id('token-strip')).toContainText('kite')
  await expect.poll(firstRows).toEqual(saved)
})

test('two rankings are compared side by side, and what differs is named', async () => {
  await id('view-rankings').click()
  for (const name of ['Mia is sad, GradSAE', 'Mia is sad, attribution']) {
    await id('rankings-table').getByTestId('table-row').filter({ hasText: name }).getByTestId('ranking-choose').click()
  }
  await expect(id('ranking-compare')).toBeVisible()
  await expect(id('differences')).toContainText('method')
  await expect(id('overlap-row')).toContainText(/0\.\d+/)
  await expect(id('aligned-table').getByTestId('table-row').first()).toBeVisible()
})

test('a latent is sent from the ranking into a recipe', async () => {
  await id('view-analyse').click()
  await openPrompt('Mia lost her red ball in the park')
  await expect(rows().first()).toBeVisible()
  await rows().nth(5).click()
  const latent = (await rows().nth(5).getAttribute('data-key')) ?? ''
  const before = await page.locator(`[data-testid=intervention][data-latent="${latent}"]`).count()
  await id('steer-selection').click()
  await expect(id('view-steer')).toHaveAttribute('aria-current', /.+/)
  await expect.poll(() => page.locator(`[data-testid=intervention][data-latent="${latent}"]`).count()).toBeGreaterThan(before)
})

test('three variants are steered beside the baseline, saved, and reopened as they were', async () => {
  await id('view-analyse').click()
  await openPrompt('Mia lost her red ball in the park')
  await id('view-steer').click()
  await expect(id('recipe')).toHaveCount(3)
  await id('max-tokens').fill('12')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity')).toHaveCount(4)
  await expect(id('score-perplexity').nth(3)).toContainText(/\d/, { timeout: 30_000 })
  await expect(id('score-kl').nth(1)).toContainText(/\d/)
  const texts = await id('column-text').allInnerTexts()
  expect(new Set(texts).size).toBeGreaterThan(1)
  // What differs from the baseline is marked, and only there.
  await expect(id('column-text').first().locator('.changed')).toHaveCount(0)
  expect(await id('column-text').locator('.changed').count()).toBeGreaterThan(0)
  await id('save-comparison').click()
  await id('comparison-name').fill('Three ways')
  await id('save-comparison-confirm').click()
  await expect(id('comparison-row').filter({ hasText: 'Three ways' })).toBeVisible()
  await workbench.close()
  await start()
  await id('comparison-row').filter({ hasText: 'Three ways' }).click()
  await expect.poll(() => id('column-text').allInnerTexts()).toEqual(texts)
})

test('a run is cancelled, and the next one works', async () => {
  await id('edit-comparison').click()
  await id('max-tokens').fill('450')
  await page.keyboard.press('Enter')
  await id('stop-at-end').click()
  await id('steer-run').click()
  await expect.poll(async () => (await id('column-text').first().innerText()).length).toBeGreaterThan(60)
  await page.keyboard.press('Escape')
  await expect(id('steer-run')).toBeVisible({ timeout: 10_000 })
  await id('max-tokens').fill('5')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity').nth(3)).toContainText(/\d/, { timeout: 30_000 })
})

test('an engine killed in mid-run costs that run only, and says so', async () => {
  await id('max-tokens').fill('450')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect.poll(async () => (await id('column-text').first().innerText()).length).toBeGreaterThan(60)
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  process.kill(metrics.find(({ name }) => name === 'gradsae-engine')?.pid ?? 0, 'SIGKILL')
  await expect(id('error-message').first()).toContainText('The engine process stopped while it was working on this.')
  await expect(id('error-fix').first()).toContainText('Nothing saved was lost.')
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('max-tokens').fill('5')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity').nth(3)).toContainText(/\d/, { timeout: 30_000 })
})

test('a report holds the numbers, opens offline and needs nothing from elsewhere', async () => {
  await id('view-reports').click()
  await id('report-title').fill('Why is Mia sad?')
  for (const list of ['report-rankings', 'report-comparisons']) {
    const all = id(`${list}-all`)
    if ((await all.getAttribute('aria-checked')) !== 'true') await all.click()
  }
  for (const format of ['html', 'csv', 'json']) {
    const path = test.info().outputPath(`report.${format}`)
    await answerDialog(path)
    await id(`format-${format}`).click()
    await id('write-report').click()
    await expect(id('report-done')).toContainText(`report.${format}`)
  }
  const html = readFileSync(test.info().outputPath('report.html'), 'utf8')
  expect(html).toContain('Why is Mia sad?')
  expect(html).toContain('Rosa, second choice')
  expect(html).toContain('<svg')
  expect(html).not.toMatch(/<script|<link|src="http|url\(http/)
  const json: unknown = JSON.parse(readFileSync(test.info().outputPath('report.json'), 'utf8'))
  expect(json).toMatchObject({ title: 'Why is Mia sad?' })
  expect(readFileSync(test.info().outputPath('report.csv'), 'utf8')).toContain('Rosa, second choice')
})

test('a deleted prompt comes back by undo', async () => {
  await id('view-analyse').click()
  const prompt = id('prompt-row').filter({ hasText: 'Snow covered the ground' })
  await prompt.focus()
  await page.keyboard.press('Delete')
  await expect(prompt).toHaveCount(0)
  await id('undo').click()
  await expect(prompt).toHaveCount(1)
})

test('what the window shows as saved survives the death of every process', async () => {
  await openPrompt('Snow covered the ground')
  await run()
  await id('save-ranking').click()
  await id('ranking-name').fill('Snow, saved last')
  await id('ranking-save-confirm').click()
  await expect(id('ranking-row').filter({ hasText: 'Snow, saved last' })).toBeVisible()
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  const closed = new Promise<void>((resolve) => workbench.app.once('close', () => resolve()))
  for (const { pid } of metrics) process.kill(pid, 'SIGKILL')
  await closed
  await start()
  await id('ranking-row').filter({ hasText: 'Snow, saved last' }).click()
  await expect(id('token-strip')).toContainText('Snow')
})

test('a project is saved as a copy; a file of a newer version and a file that is none are refused by name and left as they are', async () => {
  const copy = test.info().outputPath('copy.gradsae')
  await chooseFromMenu('project-save-as', copy)
  await expect.poll(() => existsSync(copy)).toBe(true)
  await expect(id('project-menu')).toHaveAttribute('title', copy)
  await expect(id('ranking-row').filter({ hasText: 'Snow, saved last' })).toBeVisible()
  const newer = join(userData, 'projects', 'Demo.gradsae')
  const bytes = readFileSync(newer)
  // SQLite keeps the application's own version number there, big-endian (file format, "user version").
  bytes.writeUInt32BE(99, 60)
  writeFileSync(newer, bytes)
  await chooseFromMenu('project-open', newer)
  await expect(page.getByText(`${newer} was saved by a newer version of the workbench.`).first()).toBeVisible()
  expect(readFileSync(newer).equals(bytes)).toBe(true)
  const other = test.info().outputPath('other.gradsae')
  writeFileSync(other, 'not a database')
  await chooseFromMenu('project-open', other)
  await expect(page.getByText(`${other} is not a GradSAE project`).first()).toBeVisible()
  await expect(id('project-menu')).toHaveAttribute('title', copy)
})

test('the keyboard reaches everything: the palette finds a prompt, Ctrl+Enter runs it', async () => {
  await page.keyboard.press('Control+k')
  await id('palette-input').fill('Thunder rolled')
  await page.keyboard.press('Enter')
  await expect(id('prompt')).toHaveValue(/^Thunder rolled/)
  await id('prompt').focus()
  await page.keyboard.press('Control+Enter')
  await expect(id('token-strip')).toContainText('Thunder', { timeout: 20_000 })
  await rows().first().click()
  await page.keyboard.press('ArrowDown')
  await expect(rows().nth(1)).toHaveAttribute('aria-selected', 'true')
})

test('at 1024 x 700 nothing is cut off sideways and Run is in reach', async () => {
  await workbench.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1024, 700))
  await expect.poll(() => page.evaluate(() => window.innerWidth)).toBeLessThan(1100)
  for (const view of ['analyse', 'rankings', 'steer', 'reports', 'library']) {
    await id(`view-${view}`).click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
  }
  await id('view-analyse').click()
  await expect(id('run')).toBeInViewport()
})
