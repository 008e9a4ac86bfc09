/**
 * Several layers at once in the real window: from the prompt to the overview, a latent of it by keyboard and by mouse, fewer SAEs, another
 * target, and from there the layer's own ranking in Analyse.
 */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
const overview = (): Locator => id('layers-overview').getByRole('group')
const drawerTitle = (): Locator => id('layer-drawer').getByRole('heading', { level: 2 })

async function run(): Promise<void> {
  await id('layers-run').click()
  await expect(id('layers-run')).toBeVisible({ timeout: 20_000 })
  await expect(id('layers-overview')).toBeVisible({ timeout: 20_000 })
}

/** Rows of a chart's table: layer, SAE, rank, latent, label, score. */
async function overviewRows(): Promise<string[][]> {
  await overview().focus()
  await page.keyboard.press('t')
  const rows = await Promise.all((await overview().locator('tbody tr').all()).map((row) => row.locator('td').allInnerTexts()))
  await overview().focus()
  await page.keyboard.press('t')
  return rows
}

test.beforeAll(async () => {
  workbench = await launchWorkbench({ userData: test.info().outputPath('user-data') })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball' }).first().click()
  await id('view-layers').click()
})

test.afterAll(async () => {
  await workbench.close()
})

test('one run ranks every SAE of the model, and says what it did', async () => {
  await expect(id('layers-empty')).toContainText('Which layer decides, and where?')
  await expect(id('layer-picker')).toContainText('all 4 SAEs')
  await run()
  await expect(id('layers-target')).toContainText('sad')
  await expect(id('layers-caption')).toContainText('The best latents of 4 layers.')
  await expect(id('layers-summary')).toContainText('4 SAEs')
  await expect(id('layers-summary')).toContainText(/gap\s*\d/)
  const rows = await overviewRows()
  expect(new Set(rows.map(([layer]) => layer))).toEqual(
    new Set(['blocks.1.hook_resid_post', 'blocks.3.hook_resid_post', 'blocks.4.hook_resid_post'])
  )
  expect(rows).toHaveLength(4 * 15)
})

test('the keyboard goes through the overview; the prompt and the drawer follow', async () => {
  await expect(id('layers-coloured')).toHaveText('all layers, |score|')
  await overview().focus()
  await page.keyboard.press('ArrowDown')
  await expect(drawerTitle()).toHaveText(/^Latent \d+$/)
  const first = await drawerTitle().innerText()
  await expect(id('layers-coloured')).toHaveText(new RegExp(`^${first.toLowerCase()} of 1 resid_post$`))
  await expect(id('layer-latent')).toContainText('Top contexts', { timeout: 20_000 })
  await page.keyboard.press('ArrowDown')
  await expect(drawerTitle()).not.toHaveText(first)
  await page.keyboard.press('Escape')
  await expect(id('layer-drawer')).toBeHidden()
  await expect(id('layers-coloured')).toHaveText('all layers, |score|')
})

test('a click on a cell selects its latent', async () => {
  const canvas = overview().locator('canvas').first()
  const box = await canvas.boundingBox()
  if (!box) throw new Error('the chart is drawn')
  // The plot begins 30 px from the left and 36 px from the top; four columns, fifteen rows. The last column's first cell:
  const [width, height] = [(box.width - 40) / 4, (box.height - 42) / 15]
  await canvas.click({ position: { x: 30 + 3.5 * width, y: 36 + height / 2 } })
  const best = (await overviewRows()).find(([layer, , rank]) => layer === 'blocks.4.hook_resid_post' && rank === '1')
  await expect(drawerTitle()).toHaveText(`Latent ${best?.[3]}`)
  await expect(id('layer-drawer')).toContainText('rank 1 at blocks.4.hook_resid_post')
})

test('an SAE is left out, and another target is explained', async () => {
  await id('layer-picker').click()
  await page.locator('[data-testid=layer-choice][data-path*=jumprelu]').click()
  await page.keyboard.press('Escape')
  await expect(id('layer-picker')).toContainText('3 of 4 SAEs')
  await expect(id('layers-changed')).toBeVisible()
  await id('target-token').nth(1).click()
  await run()
  await expect(id('layers-changed')).toBeHidden()
  await expect(id('layers-target')).not.toContainText('sad')
  await expect(id('layers-caption')).toContainText('The best latents of 3 layers.')
})

test('what is missing is said instead of a run', async () => {
  await id('layer-picker').click()
  await page.getByRole('button', { name: 'None', exact: true }).click()
  await page.keyboard.press('Escape')
  await expect(id('layers-run')).toHaveAttribute('aria-disabled', 'true')
  await id('layer-picker').click()
  await page.getByRole('button', { name: 'All', exact: true }).click()
  await page.keyboard.press('Escape')
  await expect(id('layers-run')).not.toHaveAttribute('aria-disabled', 'true')
})

test('a layer is opened in Analyse, where its own ranking has the same latents', async () => {
  await run()
  const here = (await overviewRows()).filter(([, sae]) => sae?.startsWith('blocks.4')).map(([, , , latent]) => latent)
  const target = (await id('layers-target').innerText()).split('\n')[0] ?? ''
  await overview().focus()
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key)
  await expect(drawerTitle()).toHaveText(`Latent ${here[0]}`)
  await id('layer-analyse').click()
  await expect(id('view-analyse')).toHaveAttribute('aria-current', /.+/)
  await expect(id('result-target')).toContainText(target.replace(/p [\d.]+$/, '').trim(), { timeout: 30_000 })
  const rows = id('ranking-table').getByTestId('table-row')
  await expect(rows.first()).toHaveAttribute('data-key', here[0] ?? '', { timeout: 30_000 })
  const there = await Promise.all((await rows.all()).slice(0, 10).map((row) => row.getAttribute('data-key')))
  expect(there).toEqual(here.slice(0, 10))
  await expect(rows.first()).toHaveAttribute('aria-selected', 'true')
})
