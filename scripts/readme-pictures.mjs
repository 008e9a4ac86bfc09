/**
 * Steps for the README's pictures, taken from the real window on the demo project:
 *   node scripts/screenshot.mjs docs/images/readme.png --size 1600x1000 --steps scripts/readme-pictures.mjs
 * saves readme-analyse.png, -rankings, -library, -steer, -sweep, -layers, -sets and -experiments beside it (readme.png itself is not kept).
 * The sets and the experiment really run: some minutes.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const QUESTIONS = 60
const LONG = 600_000

export default async ({ page, app, shot }) => {
  const id = (name) => page.getByTestId(name)
  await id('ranking-row').filter({ hasText: 'Mia is sad, attribution' }).click()
  await id('fact-spearman').first().waitFor()
  await id('chart-exact').last().click()
  await id('table-row').nth(1).click()
  await id('toggle-drawer').click()
  await id('latent-detail').waitFor()
  await page.mouse.move(0, 0)
  await shot('analyse')
  await id('view-rankings').click()
  for (const box of await id('ranking-choose').all()) await box.click()
  await id('aligned-table').getByTestId('table-row').first().waitFor()
  await page.mouse.move(0, 0)
  await shot('rankings')
  await id('view-library').click()
  await id('library-table').getByTestId('table-row').filter({ hasText: 'jumprelu' }).click()
  await id('preflight-run').click()
  await id('preflight-verdict').waitFor()
  await page.mouse.move(0, 0)
  await shot('library')
  await page.emulateMedia({ colorScheme: 'dark' })
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball' }).first().click()
  await id('view-steer').click()
  await id('steer-run').click()
  await id('score-overall').nth(3).filter({ hasText: /\d/ }).waitFor({ timeout: LONG })
  await page.mouse.move(0, 0)
  await shot('steer')
  await sweep({ page, id })
  await shot('sweep')
  await page.emulateMedia({ colorScheme: 'light' })
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball' }).first().click()
  await id('view-layers').click()
  await id('layers-run').click()
  await id('layers-overview').waitFor()
  await page.mouse.move(0, 0)
  await shot('layers')
  await sets({ page, app, id })
  await shot('sets')
  await page.emulateMedia({ colorScheme: 'dark' })
  await id('view-experiments').click()
  await id('experiment-page-masking').click()
  await id('experiment-count').fill(String(QUESTIONS))
  await page.keyboard.press('Enter')
  await id('experiment-run').click()
  await id('experiment-rerun').waitFor({ timeout: LONG })
  await page.mouse.move(0, 0)
  await shot('experiments')
}

/** Sends the recipes of the bench through their strengths. */
async function sweep({ page, id }) {
  await id('steer-more').click()
  await id('steer-sweep').click()
  await id('experiment-count').fill('24')
  await page.keyboard.press('Enter')
  await id('experiment-run').click()
  await id('experiment-rerun').waitFor({ timeout: LONG })
  await id('result-curve-concept').scrollIntoViewIfNeeded()
  await page.mouse.move(0, 0)
}

/** Imports questions in two groups, runs them, and compares the groups. */
async function sets({ page, app, id }) {
  const path = join(mkdtempSync(join(tmpdir(), 'pictures-')), 'questions.jsonl')
  const lines = readFileSync('models/storyteller/eval/qa_eval.jsonl', 'utf8').trim().split('\n').slice(0, QUESTIONS)
  const asked = lines.map((line) => {
    const { id: name, prompt, answer } = JSON.parse(line)
    return { name, question: prompt, answer, about: /^[A-Z]/.test(answer) ? 'names' : 'other words' }
  })
  writeFileSync(path, asked.map((row) => JSON.stringify(row)).join('\n'))
  await app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)
  await id('view-sets').click()
  await id('set-import').click()
  await id('set-column-group').click()
  await page.getByRole('option', { name: 'about' }).click()
  await id('set-import-keep').click()
  await id('set-run').click()
  await page.locator('[data-testid=set-run-page][data-state=finished]').waitFor({ timeout: LONG })
  await id('set-compare').click()
  await page.getByRole('option', { name: 'names' }).click()
  await id('set-count').filter({ hasText: 'separate' }).waitFor({ timeout: LONG })
  await id('set-latents').getByTestId('table-row').nth(1).click()
  await id('latent-prompts').locator('tbody tr').first().waitFor()
  await page.mouse.move(0, 0)
}
