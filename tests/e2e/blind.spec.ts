/** Judging texts blind: nothing on the screen says whose they are, marks are kept at once and can be taken back, and whose they were is shown at the end. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

const RECIPES = ['first three added', 'twice as much', 'first five ablated']

let workbench: Workbench
let userData: string
let page: Page

const id = (name: string): Locator => page.getByTestId(name)

async function start(): Promise<void> {
  workbench = await launchWorkbench({ userData })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
}

async function enter(): Promise<void> {
  await id('steer-more').click()
  await id('steer-blind').click()
  await expect(id('blind-view')).toBeVisible()
}

test.beforeAll(async () => {
  userData = test.info().outputPath('user-data')
  await start()
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball in the park' }).first().click()
  await id('view-steer').click()
  await id('max-tokens').fill('24')
  await page.keyboard.press('Enter')
})

test.afterAll(async () => {
  await workbench.close()
})

test('there is nothing to judge before a run', async () => {
  await id('steer-more').click()
  await expect(id('steer-blind')).toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Escape')
})

test('two texts stand side by side, and nothing says whose they are', async () => {
  await id('steer-run').click()
  await expect(id('steer-run')).toBeVisible({ timeout: 60_000 })
  await enter()
  await expect(id('blind-progress')).toHaveText('0 of 6')
  const shown = await id('blind-view').evaluate((element) => element.outerHTML)
  for (const name of [...RECIPES, 'Baseline', '--series', 'perplexity']) expect(shown).not.toContain(name)
  expect(await id('blind-left').innerText()).not.toBe(await id('blind-right').innerText())
  await expect(id('column')).toHaveCount(0)
})

test('texts are chosen by the keyboard; the last choice is taken back', async () => {
  const first = await id('blind-left').innerText()
  await page.keyboard.press('ArrowLeft')
  await expect(id('blind-progress')).toHaveText('1 of 6')
  await page.keyboard.press('2')
  await expect(id('blind-progress')).toHaveText('2 of 6')
  await page.keyboard.press('Space')
  await expect(id('blind-progress')).toHaveText('3 of 6')
  for (const left of [2, 1, 0]) {
    await page.keyboard.press('Backspace')
    await expect(id('blind-progress')).toHaveText(`${left} of 6`)
  }
  expect(await id('blind-left').innerText()).toBe(first)
  await page.keyboard.press('ArrowLeft')
  await expect(id('blind-progress')).toHaveText('1 of 6')
  await id('blind-choose-tie').click()
  await expect(id('blind-progress')).toHaveText('2 of 6')
  await page.keyboard.press('ArrowRight')
  await expect(id('blind-progress')).toHaveText('3 of 6')
})

test('marks are there after a restart, and judging goes on with the next pair', async () => {
  const next = await id('blind-left').innerText()
  await workbench.close()
  await start()
  await id('comparison-row').filter({ hasNotText: 'Sadness, more and less' }).first().click()
  await enter()
  await expect(id('blind-progress')).toHaveText('3 of 6')
  expect(await id('blind-left').innerText()).toBe(next)
})

test('at the end it is shown whose texts were chosen, and how often the scores say the same', async () => {
  for (const done of [4, 5]) {
    await page.keyboard.press('ArrowLeft')
    await expect(id('blind-progress')).toHaveText(`${done} of 6`)
  }
  await page.keyboard.press('ArrowLeft')
  await expect(id('blind-result')).toBeVisible()
  const agreement = id('blind-agreement').locator('tbody tr')
  await expect(agreement).toHaveCount(1)
  await expect(agreement.locator('td').nth(2)).toHaveText(/^\d of [1-5]$/)
  await expect(agreement.locator('td').nth(4)).toHaveText('1')
  await expect(id('blind-wins').locator('tbody tr')).toHaveCount(4)
  await id('blind-result').locator('summary').click()
  const marks = id('blind-marks').locator('tbody tr')
  await expect(marks).toHaveCount(6)
  // Each column stands in three of six pairs; what was chosen is what the table of columns counts.
  const wins = await id('blind-wins').locator('tbody tr td:nth-child(6)').allInnerTexts()
  expect(wins.map((text) => Number(text.split(' of ')[0])).reduce((sum, won) => sum + won, 0)).toBe(5)
})

test('another question has pairs of its own; marks are cleared, and undo brings them back', async () => {
  await id('blind-fluency').click()
  await expect(id('blind-progress')).toHaveText('0 of 6')
  await id('blind-better').click()
  await expect(id('blind-result')).toBeVisible()
  await id('blind-clear').click()
  await expect(id('blind-progress')).toHaveText('0 of 6')
  await page.keyboard.press('Control+z')
  await expect(id('blind-progress')).toHaveText('6 of 6')
  await id('blind-leave').click()
  await expect(id('column')).toHaveCount(4)
})
