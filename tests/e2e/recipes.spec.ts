/** A recipe made as a person makes it: from a ranking, in another unit, with a latent of a second SAE and a condition, then run. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
/** The recipe of this test, the last on the bench. */
const recipe = (): Locator => id('recipe').last()
const edits = (): Locator => recipe().getByTestId('intervention')
const coefficient = (at: number): Locator => edits().nth(at).getByTestId('intervention-coefficient')

async function choose(select: Locator, option: string | RegExp): Promise<void> {
  await select.click()
  await page.getByRole('option', { name: option }).first().click()
}

test.beforeAll(async () => {
  workbench = await launchWorkbench({ userData: test.info().outputPath('user-data') })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
})

test.afterAll(async () => {
  await workbench.close()
})

test('a latent of the ranking goes into a new recipe', async () => {
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball in the park' }).first().click()
  await id('view-steer').click()
  await expect(id('recipe')).toHaveCount(3)
  await id('new-recipe').last().click()
  await expect(id('recipe')).toHaveCount(4)
  await recipe().getByTestId('recipe-name').fill('mine')
  await page.keyboard.press('Enter')
  await id('view-analyse').click()
  const row = id('ranking-table').getByTestId('table-row').first()
  const latent = (await row.getAttribute('data-key')) ?? ''
  await row.click()
  await id('steer-selection').click()
  await expect(edits()).toHaveCount(1)
  await expect(edits().first()).toHaveAttribute('data-latent', latent)
})

test('its unit is converted in place, and its size is said', async () => {
  await coefficient(0).fill('10')
  await page.keyboard.press('Enter')
  await expect(edits().first().getByTestId('intervention-size')).toContainText('‖x‖', { timeout: 20_000 })
  const size = await edits().first().getByTestId('intervention-size').innerText()
  await choose(edits().first().getByTestId('intervention-unit'), '× ‖x‖')
  const share = Number(await coefficient(0).inputValue())
  expect(share).toBeGreaterThan(0)
  expect(share).not.toBe(10)
  await expect(edits().first().getByTestId('intervention-size')).toHaveText(size)
  // Both are the same number, shown with two and with four digits: half a unit of the second digit at most.
  expect(Math.abs(Number.parseFloat(size) - share)).toBeLessThanOrEqual(0.05 * share)
  await choose(edits().first().getByTestId('intervention-unit'), '× row')
  await expect(coefficient(0)).toHaveValue('10')
})

test('a latent of a second SAE is added, and says where it is', async () => {
  await recipe().getByTestId('add-latent-sae').click()
  await id('picker-sae').filter({ hasText: 'blocks.1.' }).click()
  await recipe().getByTestId('add-latent').fill('17')
  await page
    .getByRole('option', { name: /^17( |$)/ })
    .first()
    .click()
  await expect(edits()).toHaveCount(2)
  await expect(edits().nth(1).getByTestId('intervention-hook')).toHaveText('1 resid_post')
  await expect(recipe().getByTestId('add-latent')).toHaveValue('')
})

test('it acts only on picked positions, where a latent is active, and leaves special tokens', async () => {
  await edits().nth(1).getByTestId('intervention-where').click()
  await id('positions-range').click()
  const tokens = page.getByRole('listbox', { name: 'Positions of the edit' }).getByRole('option')
  await tokens.nth(2).click()
  await tokens.nth(5).click()
  await expect(id('range-text')).toHaveValue('2–5')
  await choose(id('condition-kind'), /a latent is active/)
  await id('condition-bound').fill('0.5')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(edits().nth(1).getByTestId('intervention-where')).toHaveText('2–5 · if')
  await edits().nth(1).getByTestId('intervention-mode').click()
  await page.getByRole('option', { name: /^clamp/ }).click()
  await recipe().getByTestId('recipe-options').click()
  await id('edit-special').click()
  await page.keyboard.press('Escape')
  await expect(recipe().getByTestId('recipe-state')).toContainText('no specials')
})

test('it runs beside the others and shows its text and how far it went', async () => {
  await coefficient(0).fill('60')
  await page.keyboard.press('Enter')
  await id('max-tokens').fill('8')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity')).toHaveCount(5)
  await expect(id('score-perplexity').nth(4)).toContainText(/\d/, { timeout: 30_000 })
  const texts = await id('column-text').allInnerTexts()
  expect(texts[4]).not.toBe(texts[0])
  await expect(recipe().getByTestId('measured-size')).toContainText(/\d.* ‖x‖/)
})

test('what was edited is undone step by step, and a convention is one step', async () => {
  await edits().first().getByTestId('intervention-where').click()
  await choose(id('edit-convention'), 'Arad et al.')
  await page.keyboard.press('Escape')
  await expect(coefficient(0)).toHaveValue('10')
  await expect(edits().first().getByTestId('intervention-unit')).toContainText('× largest')
  await expect(edits().first().getByTestId('intervention-where')).toHaveText('last')
  await expect(recipe().getByTestId('recipe-stale')).toBeVisible()
  // Edits are saved a moment after they are made; each save is one step.
  await expect(page.getByRole('button', { name: /^Undo/ })).toBeEnabled()
  await page.waitForTimeout(800)
  await page.keyboard.press('Control+z')
  await expect(edits().first().getByTestId('intervention-unit')).toContainText('× row')
  await expect(coefficient(0)).toHaveValue('60')
  await expect(recipe().getByTestId('recipe-stale')).toHaveCount(0)
})

test('recipes of another SAE wait apart and can be compared all the same', async () => {
  await choose(id('steer-sae'), /^blocks\.4/)
  await expect(id('apart-recipe')).toHaveCount(4)
  await expect(id('recipe')).toHaveCount(0)
  await id('apart-recipe').first().click()
  await expect(page.getByText(/cannot stand here: it edits latents of blocks\.3/)).toBeVisible()
  await id('apart-name').click()
  await expect(id('recipe')).toHaveCount(1)
  await expect(edits().first().getByTestId('intervention-hook')).toHaveText('3 resid_post')
  await id('steer-run').click()
  await expect(id('score-perplexity').nth(1)).toContainText(/\d/, { timeout: 30_000 })
})
