/** The Library in the real window: models and SAEs from disk, checked before they are used, and never silently exchanged. */
import { appendFileSync, cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

const FIXTURES = join(__dirname, '../fixtures')
const SAE = join(__dirname, '../../models/storyteller/saes/blocks.3.hook_resid_post-topk-2048')

let workbench: Workbench
let page: Page
let folder: string

const id = (name: string): Locator => page.getByTestId(name)
const row = (name: string): Locator => id('library-table').getByTestId('table-row').filter({ hasText: name })

async function choose(button: string, path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
  await id(button).click()
}

test.beforeAll(async ({}, info) => {
  folder = info.outputPath('files')
  cpSync(join(FIXTURES, 'models', 'tiny-gpt2'), join(folder, 'tiny-gpt2'), { recursive: true })
  cpSync(SAE, join(folder, 'copied-sae'), { recursive: true })
  workbench = await launchWorkbench({ userData: info.outputPath('user-data') })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('view-library').click()
})
test.afterAll(() => workbench.close())

test('a folder is looked through, and every model and SAE in it is listed with its facts', async () => {
  await expect(row('storyteller').first()).toBeVisible()
  await choose('library-add', folder)
  await expect(row('tiny-gpt2')).toContainText('gpt2')
  await expect(row('copied-sae')).toContainText('SAELens topk')
  await row('tiny-gpt2').click()
  await expect(id('model-details')).toContainText('attn.hook_z')
  await expect(id('model-details')).toContainText('None of them fits')
})

test('a preflight says whether the SAE describes the model, with its numbers', async () => {
  await row('copied-sae').click()
  await expect(id('sae-details')).toContainText('blocks.3.hook_resid_post')
  await id('preflight-run').click()
  await expect(id('preflight-verdict')).toHaveText('good', { timeout: 30_000 })
  await expect(id('preflight')).toContainText('gradient')
  await expect(row('copied-sae')).toContainText('good')
})

test('files that change behind our back are noticed, and used only when a person says so', async () => {
  const config = join(folder, 'copied-sae', 'cfg.json')
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, before.replace('"prepend_bos": true', '"prepend_bos": false'))
  appendFileSync(config, '\n')
  await id('view-analyse').click()
  await id('view-library').click()
  await expect(row('copied-sae')).toContainText('changed')
  await row('copied-sae').click()
  await expect(id('astray-details')).toContainText('Its files have changed')
  await id('astray-accept').click()
  await expect(id('sae-details')).toBeVisible()
  // What was found of the old files says nothing of the new ones.
  await expect(row('copied-sae')).not.toContainText('good')
})

test('a moved folder is missing until it is found again', async () => {
  renameSync(join(folder, 'copied-sae'), join(folder, 'moved-sae'))
  await id('view-analyse').click()
  await id('view-library').click()
  await expect(row('copied-sae')).toContainText('missing')
  await row('copied-sae').click()
  await choose('astray-locate', join(folder, 'tiny-gpt2'))
  await expect(id('astray-details')).toContainText('is not an SAE')
  await choose('astray-locate', join(folder, 'moved-sae'))
  await expect(row('moved-sae')).toHaveCount(1)
  await expect(row('copied-sae')).toHaveCount(0)
})

test('taking one off the list leaves its files, and can be undone', async () => {
  await row('moved-sae').click()
  await page.keyboard.press('Delete')
  await expect(row('moved-sae')).toHaveCount(0)
  expect(existsSync(join(folder, 'moved-sae', 'sae_weights.safetensors'))).toBe(true)
  await id('toast-action').last().click()
  await expect(row('moved-sae')).toHaveCount(1)
})

test('files that change between looking and running are not run', async () => {
  await row('moved-sae').click()
  await page.keyboard.press('Enter')
  await expect(id('analyse-view')).toBeVisible()
  await expect(id('sae-picker')).toContainText('moved-sae')
  const config = join(folder, 'moved-sae', 'cfg.json')
  writeFileSync(config, readFileSync(config, 'utf8').replace('"prepend_bos": false', '"prepend_bos": true'))
  await id('run').click()
  await expect(page.getByText('have changed or moved since they were looked at')).toBeVisible()
  await id('view-library').click()
  await row('moved-sae').click()
  await id('astray-accept').click()
  await expect(id('sae-details')).toBeVisible()
})

test('what cannot be used says why', async () => {
  writeFileSync(join(folder, 'nothing.pt'), 'no tensors at all')
  await choose('library-add', join(folder, 'nothing.pt'))
  await expect(id('library-refused').first()).toContainText('nothing.pt')
})

test('an SAE that can be read in several ways is asked about, and read as chosen', async () => {
  const file = join(folder, 'anybodys.pt')
  cpSync(join(FIXTURES, 'saes', 'deepseek', 'sae.pt'), file)
  await choose('library-add', file)
  await expect(id('library-ambiguous')).toContainText('anybodys.pt can be read in several ways')
  await id('library-ambiguous').getByRole('button', { name: 'DeepSeek' }).click()
  await expect(id('library-ambiguous')).toHaveCount(0)
  await expect(row('anybodys')).toHaveCount(1)
})
