/**
 * Recipes that are taken away and brought back, as a person does it: every format is exported from the recipe's menu, imported again, and
 * writes the same text. Then a direction from two groups of prompts, and a vector whose file does not say where it belongs.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gguf } from '@huggingface/gguf'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'
import { npyHeader, npyOf } from '../support/npy'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page
let folder: string

const id = (name: string): Locator => page.getByTestId(name)
const FORMATS = ['json', 'safetensors', 'gguf'] as const

/** Answers the next native dialog in the main process. */
async function answerDialog(path: string): Promise<void> {
  await workbench.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
}

async function more(item: string): Promise<void> {
  await id('steer-more').click()
  await id(item).click()
}

test.beforeAll(async () => {
  const userData = test.info().outputPath('user-data')
  workbench = await launchWorkbench({ userData })
  page = workbench.page
  folder = userData
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('view-steer').click()
  await expect(id('recipe')).toHaveCount(3)
})

test.afterAll(async () => {
  await workbench.close()
})

for (const [index, format] of FORMATS.entries())
  test(`a recipe is exported as ${format} and imported again`, async () => {
    const path = join(folder, `taken.${format}`)
    await answerDialog(path)
    await id('recipe-menu').first().click()
    await id('recipe-export').click()
    await id(`export-${format}`).click()
    await id('export-write').click()
    await expect(id('export-written')).toContainText(path)
    await page.keyboard.press('Escape')
    await expect(id('export-written')).toBeHidden()
    await more('steer-import')
    await expect(id('recipe')).toHaveCount(4 + index)
  })

test('the control vector is one for an independent reader, too', async () => {
  const { metadata, tensorInfos } = await gguf(join(folder, 'taken.gguf'), { allowLocalFile: true })
  expect(metadata['general.architecture']).toBe('controlvector')
  expect(tensorInfos.map(({ name, shape }) => [name, shape.map(Number)])).toEqual([['direction.3', [192]]])
})

test('what was imported writes the same text as the recipe it came from', async () => {
  await id('max-tokens').fill('24')
  await page.keyboard.press('Enter')
  await id('steer-run').click()
  await expect(id('score-perplexity')).toHaveCount(7)
  await expect(id('score-perplexity').nth(6)).toContainText(/\d/, { timeout: 60_000 })
  const texts = await id('column-text').allInnerTexts()
  const scores = await id('score-perplexity').allInnerTexts()
  // Columns: baseline, the three recipes of the demo project, and the first of them again from three files.
  expect(texts[1]).not.toBe(texts[0])
  expect(texts.slice(4)).toEqual([texts[1], texts[1], texts[1]])
  expect(scores.slice(4)).toEqual([scores[1], scores[1], scores[1]])
})

test('a recipe that no vector can hold is refused in words', async () => {
  await id('recipe-menu').nth(2).click()
  await id('recipe-export').click()
  await id('export-gguf').click()
  await answerDialog(join(folder, 'refused.gguf'))
  await id('export-write').click()
  await expect(id('error-message').last()).toContainText('whose effect depends on the text')
  await page.keyboard.press('Escape')
})

test('a direction is made from two groups of prompts, and steers', async () => {
  await more('steer-direction')
  await id('direction-make').click()
  await expect(id('direction-dialog')).toBeHidden({ timeout: 20_000 })
  await expect(id('recipe')).toHaveCount(7)
  await expect(id('recipe').last().getByTestId('recipe-name')).toHaveValue(/ − /)
})

test('a vector of another program is placed by hand', async () => {
  const path = join(folder, 'other.npy')
  writeFileSync(path, npyOf(npyHeader('<f4', [192]), Buffer.from(Float32Array.from({ length: 192 }, (_, index) => Math.sin(index)).buffer)))
  await answerDialog(path)
  await more('steer-import')
  await expect(id('hook-select')).toContainText('blocks.3.hook_resid_post')
  await id('place-vector').click()
  await expect(id('recipe')).toHaveCount(8)
  await id('steer-run').click()
  await expect(id('score-perplexity').nth(8)).toContainText(/\d/, { timeout: 60_000 })
  await expect(id('error-panel')).toHaveCount(0)
})
