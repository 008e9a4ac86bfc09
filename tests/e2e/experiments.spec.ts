/**
 * Experiments as a person does them on the default model: one click, the sentence with its tables and curves; a run that is closed in the
 * middle and goes on; the same again from its manifest; the files. One app and one project throughout, each test goes on where the one
 * before ended.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial', timeout: 120_000 })

const QUESTIONS = 4
/** Methods that these tests run: one that needs a gradient, one that needs none. */
const METHODS = ['gradsae', 'random']
const RUN = { timeout: 90_000 }

let workbench: Workbench
let userData: string
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
const rows = (): Locator => id('experiment-row')

async function start(): Promise<void> {
  workbench = await launchWorkbench({ userData })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('view-experiments').click()
}

/** Answers the next native dialog in the main process. */
async function answerDialog(path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
}

async function setCount(count: number): Promise<void> {
  await id('experiment-count').fill(String(count))
  await page.keyboard.press('Enter')
}

/** Ticks exactly these methods. The wanted ones first: one method is always ticked. */
async function chooseMethods(wanted: readonly string[]): Promise<void> {
  const boxes = page.locator('[data-testid^="experiment-field-methods-"][role="checkbox"]')
  const names = await boxes.evaluateAll((all) => all.map((box) => box.getAttribute('data-testid') ?? ''))
  for (const tick of [true, false]) {
    for (const name of names.filter((each) => wanted.some((method) => each === `experiment-field-methods-${method}`) === tick)) {
      if (((await id(name).getAttribute('aria-checked')) === 'true') !== tick) await id(name).click()
    }
  }
}

async function finished(): Promise<void> {
  await expect(id('experiment-sentence')).toContainText(/\d/, RUN)
  await expect(id('experiment-rerun')).toBeVisible(RUN)
}

test.beforeAll(async () => {
  userData = test.info().outputPath('user-data')
  await start()
})

test.afterAll(async () => {
  await workbench.close()
})

test('the page asks its question, has everything chosen, and keeps what is changed until it is taken back', async () => {
  await expect(id('experiment-page')).toContainText('Do all active latents matter equally')
  await expect(id('experiment-prompts')).toContainText('Held-out questions')
  await expect(id('experiment-run')).not.toHaveAttribute('aria-disabled', /.+/)
  await chooseMethods(METHODS)
  await expect(id('experiment-reset')).toBeVisible()
  await id('experiment-page-faithfulness').click()
  await id('experiment-page-masking').click()
  await expect(id('experiment-field-methods-exact')).toHaveAttribute('aria-checked', 'false')
  await id('experiment-reset').click()
  await expect(id('experiment-field-methods-exact')).toHaveAttribute('aria-checked', 'true')
})

test('one click runs the masking experiment at small size: sentence, tables beside the paper’s, and curves', async () => {
  await chooseMethods(METHODS)
  await setCount(QUESTIONS)
  await id('experiment-run').click()
  await expect(id('experiment-progress')).toBeVisible(RUN)
  await finished()
  await expect(id('experiment-record')).toHaveAttribute('data-status', 'finished')
  await expect(page.locator('[data-testid^="result-table-"]').first()).toContainText('gradsae')
  await expect(id('result-table-paper')).toContainText('51.2')
  await expect(page.locator('[data-testid^="result-curve-"] canvas').first()).toBeVisible()
  await id('experiment-manifest').locator('summary').click()
  await expect(id('experiment-manifest')).toContainText('sha256:')
  await expect(rows()).toHaveCount(1)
})

test('run again from its manifest it comes to the same, bit for bit', async () => {
  const sentence = await id('experiment-sentence').innerText()
  await id('experiment-rerun').click()
  await expect(id('experiment-reproduction')).toContainText('Reproduced bit for bit', RUN)
  await expect(id('experiment-record')).toHaveAttribute('data-status', 'reproduced')
  expect(await id('experiment-sentence').innerText()).toBe(sentence)
  await expect(rows()).toHaveCount(2)
})

test('it is exported as tables in a folder and as one file, with the manifest', async () => {
  const folder = test.info().outputPath('exports')
  for (const format of ['csv', 'parquet']) {
    await answerDialog(`${folder}-${format}`)
    await id('experiment-export').click()
    await id(`export-${format}`).click()
    await expect.poll(() => filesBelow(`${folder}-${format}`).filter((file) => file.endsWith(`.${format}`)).length).toBeGreaterThan(1)
    await expect.poll(() => filesBelow(`${folder}-${format}`).some((file) => file.includes('manifest'))).toBe(true)
  }
  const file = test.info().outputPath('experiment.json')
  await answerDialog(file)
  await id('experiment-export').click()
  await id('export-json').click()
  await expect.poll(() => existsSync(file)).toBe(true)
  await expect.poll(() => readFileSync(file, 'utf8')).toContain('"sentence"')
  expect(readFileSync(file, 'utf8')).toContain('sha256:')
})

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : []
}

test('an experiment that is closed in the middle goes on where it was', async () => {
  await id('experiment-page-masking').click()
  await setCount(60)
  await id('experiment-run').click()
  await expect(id('experiment-progress')).toContainText(/[2-9] of 60 parts stored/, RUN)
  await workbench.close()
  await start()
  const row = rows().filter({ hasText: 'unfinished' })
  await expect(row).toHaveCount(1)
  await row.click()
  await expect(id('experiment-stopped')).toContainText(/\d+ of 60 parts are stored/)
  const stored = Number(/(\d+) of 60/.exec(await id('experiment-stopped').innerText())?.[1])
  expect(stored).toBeGreaterThanOrEqual(2)
  await id('experiment-resume').click()
  await expect(id('experiment-progress')).toContainText(new RegExp(`(${stored + 1}|${stored + 2}|${stored + 3}) of 60`), RUN)
  await id('experiment-pause').click()
  await expect(id('experiment-stopped')).toBeVisible(RUN)
})

test('an engine that dies costs the part under way, and the experiment goes on', async () => {
  await id('experiment-resume').click()
  await expect(id('experiment-progress')).toContainText(/\d+ of 60 parts stored/, RUN)
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  process.kill(metrics.find(({ name }) => name === 'gradsae-engine')?.pid ?? 0, 'SIGKILL')
  await expect(id('error-message').first()).toContainText('The engine process stopped')
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await expect(id('experiment-resume')).toBeVisible()
  await id('experiment-resume').click()
  await expect(id('experiment-progress')).toContainText(/\d+ of 60 parts stored/, RUN)
  await id('experiment-cancel').click()
  await expect(id('experiment-page')).toBeVisible(RUN)
  await expect(rows()).toHaveCount(2)
  await id('undo').click()
  await expect(rows().filter({ hasText: 'unfinished' })).toHaveCount(1)
})

test('experiments are kept by name and notes, deleted and brought back, and go into the report', async () => {
  await rows().filter({ hasText: 'reproduced' }).click()
  await id('experiment-name').fill('The paper’s, again')
  await page.keyboard.press('Enter')
  await expect(rows().filter({ hasText: 'The paper’s, again' })).toHaveCount(1)
  await id('experiment-delete').click()
  await expect(rows()).toHaveCount(2)
  await page.keyboard.press('Control+z')
  await expect(rows()).toHaveCount(3)
  const report = test.info().outputPath('report.html')
  await id('view-reports').click()
  await answerDialog(report)
  await id('format-html').click()
  await id('write-report').click()
  await expect(id('report-done')).toContainText('report.html')
  const html = readFileSync(report, 'utf8')
  expect(html).toContain('The paper’s, again')
  expect(html).toContain('and came to the same, bit for bit.')
})

test('a file of prompts is imported as a set of the project and chosen; one without answers is refused in words', async () => {
  const file = test.info().outputPath('colours.jsonl')
  const questions = ['red', 'blue', 'green'].map((colour) => ({
    prompt: `Mia had a ${colour} ball.\nQuestion: What was ${colour}?\nAnswer:`,
    answer: 'ball'
  }))
  writeFileSync(file, questions.map((each) => JSON.stringify(each)).join('\n'))
  await id('view-experiments').click()
  await id('experiment-page-masking').click()
  await answerDialog(file)
  await id('experiment-import').click()
  await expect(id('experiment-prompts')).toContainText('colours')
  await expect(id('experiment-page')).toContainText('of 3, from the first on')
  await expect(id('experiment-run')).not.toHaveAttribute('aria-disabled', /.+/)
  const mute = test.info().outputPath('mute.csv')
  writeFileSync(mute, 'prompt\nOnce upon a\nMia was\n')
  await answerDialog(mute)
  await id('experiment-import').click()
  await expect(id('experiment-page')).toContainText('No prompt of this set has an expected answer')
  await expect(id('experiment-run')).toHaveAttribute('aria-disabled', 'true')
})

test('at 1024 x 700 nothing is cut off sideways and Run is in reach', async () => {
  await workbench.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1024, 700))
  await expect.poll(() => page.evaluate(() => window.innerWidth)).toBeLessThan(1100)
  await id('view-experiments').click()
  await id('experiment-page-masking').click()
  await expect(id('experiment-run')).toBeInViewport()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
})
