/** Methods, targets and switches of the Analyse view on the default model. One app throughout; each test goes on where the one before ended. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
const rows = (): Locator => id('ranking-table').getByTestId('table-row')

async function choose(select: string, option: string): Promise<void> {
  await id(select).click()
  await page.getByRole('option', { name: option }).first().click()
}

async function run(): Promise<void> {
  await id('run').click()
  await expect(id('run')).toBeVisible({ timeout: 30_000 })
  await expect(id('changed-since')).toHaveCount(0)
}

test.beforeAll(async () => {
  workbench = await launchWorkbench({ userData: test.info().outputPath('user-data') })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('prompt-row').filter({ hasText: 'Rosa had a blue kite' }).first().click()
  await expect(id('target-token').first()).toBeVisible({ timeout: 20_000 })
})

test.afterAll(async () => {
  await workbench.close()
})

test('a method is a preset of visible switches; a changed one is named and taken back', async () => {
  await choose('method', 'Attribution')
  await expect(id('target-kind')).toContainText('logit')
  await expect(id('aggregation')).toContainText('signed sum')
  await choose('aggregation', 'mean of ReLU')
  await expect(id('switches-reset')).toBeVisible()
  await run()
  await expect(id('fact-method').first()).toContainText('Attribution')
  await id('switches-reset').click()
  await expect(id('aggregation')).toContainText('signed sum')
  await expect(id('changed-since')).toBeVisible()
})

test('integrated gradients say how far their contributions add up', async () => {
  await choose('method', 'Integrated gradients')
  await id('steps').fill('8')
  await id('steps').press('Enter')
  await run()
  await expect(id('fact-completeness').first()).toContainText('complete to')
  await expect(rows().first()).toBeVisible()
})

test('a counterfactual prompt must have as many tokens, and is patched in', async () => {
  await choose('method', 'Counterfactual')
  await expect(id('run')).toBeDisabled()
  await id('counterfactual').fill('Rosa had a kite.')
  await expect(id('counterfactual-count')).toContainText('the prompt has')
  await id('counterfactual').fill(await id('prompt').inputValue())
  await expect(id('counterfactual-count')).toContainText('as the prompt')
  await id('counterfactual').fill((await id('prompt').inputValue()).replace('blue', 'red'))
  await run()
  await expect(id('fact-completeness').first()).toBeVisible()
})

test('a difference of logits, a continuation and a span are targets', async () => {
  await choose('method', 'Attribution')
  await choose('target-kind', 'logit difference')
  await expect(id('run')).toBeDisabled()
  for (const [side, word] of [
    ['target-plus', 'happy'],
    ['target-minus', 'sad']
  ] as const) {
    await id(side).fill(` ${word}`)
    await page.getByRole('option').filter({ hasText: word }).first().click()
  }
  await run()
  await expect(id('fact-target').first()).toContainText('happy')

  await choose('target-kind', 'continuation')
  await id('target-continuation').fill(' cried.')
  await run()
  await expect(id('fact-target').first()).toContainText('cried')

  await choose('target-kind', 'cross-entropy')
  await run()
  await expect(rows().first()).toBeVisible()
})

test('the exact method ablates every active latent, and asks first where that takes long', async () => {
  await choose('method', 'Exact')
  await id('run').click()
  // On a slow machine the estimate is above the few seconds that need no asking.
  await expect(id('wait-run').or(id('fact-method').filter({ hasText: 'Exact' }).first())).toBeVisible({ timeout: 30_000 })
  if (await id('wait-run').isVisible()) await id('wait-run').click()
  await expect(id('fact-method').first()).toContainText('Exact', { timeout: 60_000 })
})

test('a saved ranking brings its switches back', async () => {
  await choose('method', 'Attribution')
  await choose('target-kind', 'log-probability')
  await choose('scope', 'the last')
  await run()
  await id('save-ranking').click()
  await id('ranking-save-confirm').click()
  await expect(id('save-ranking')).toBeDisabled()
  await choose('method', 'GradSAE')
  await id('prompt-row').filter({ hasText: 'Rosa had a blue kite' }).first().click()
  await expect(id('scope')).toContainText('the last')
  await expect(id('target-kind')).toContainText('log-probability')
})
