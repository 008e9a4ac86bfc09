/** Columns as a person uses them: four streaming side by side, aligned, arranged, scored; writing on from a token; one column run alone; sixteen at once. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

test.describe.configure({ mode: 'serial' })

let workbench: Workbench
let page: Page

const id = (name: string): Locator => page.getByTestId(name)
const texts = (): Locator => id('column-text')
const names = (): Promise<(string | null)[]> =>
  id('column').evaluateAll((columns) => columns.map((column) => column.getAttribute('aria-label')))

async function setTokens(count: number): Promise<void> {
  await id('max-tokens').fill(String(count))
  await page.keyboard.press('Enter')
}

/** Waits for the end of the run: the texts, and all that is measured of them. */
async function finished(): Promise<void> {
  await expect(id('steer-run')).toBeVisible({ timeout: 60_000 })
}

test.beforeAll(async () => {
  workbench = await launchWorkbench({ userData: test.info().outputPath('user-data') })
  page = workbench.page
  await expect(id('engine-state')).toContainText('ready', { timeout: 20_000 })
  await id('prompt-row').filter({ hasText: 'Mia lost her red ball in the park' }).first().click()
  await id('view-steer').click()
  await expect(id('recipe')).toHaveCount(3)
})

test.afterAll(async () => {
  await workbench.close()
})

test('four columns stream at once, and are scored when they are finished', async () => {
  await setTokens(30)
  await id('steer-run').click()
  await expect
    .poll(async () => Math.min(...(await texts().evaluateAll((all) => all.map((text) => text.querySelectorAll('[data-index]').length)))))
    .toBeGreaterThan(0)
  await finished()
  await expect(id('score-overall')).toHaveCount(4)
  await expect(id('score-fluency').nth(1)).toContainText(/\d/)
  await expect(id('score-relatedness').nth(1)).toContainText(/\d/)
  // The baseline has no concept of its own: a dash, not a zero.
  await expect(id('score-concept').first()).toHaveText('–')
  await expect(id('score-concept').nth(1)).toContainText(/\d/)
})

test('a position is the same in all columns and in the chart, and the first difference says what the baseline has', async () => {
  await texts().nth(2).locator('[data-index="6"]').hover()
  await expect(page.locator('.text-token.cursor')).toHaveCount(4)
  for (const at of [0, 1, 2, 3]) await expect(texts().nth(at).locator('.cursor')).toHaveAttribute('data-index', '6')
  await expect(id('score-logprob')).toHaveCount(4)
  await expect(id('score-edit-here').nth(2)).toContainText(/\d/)
  await expect(page.getByText('token 7 · KL(steered ‖ unsteered), nats')).toBeVisible()
  const first = texts().nth(2).getByTestId('first-difference')
  await expect(first).toHaveAttribute('title', /The first token that is not the baseline’s, which has “.+” here/)
  const index = await first.getAttribute('data-index')
  // The same token by the keyboard.
  await texts().nth(2).focus()
  await page.keyboard.press('Home')
  for (let step = 0; step < Number(index); step++) await page.keyboard.press('ArrowRight')
  await expect(first).toHaveClass(/cursor/)
})

test('the parts of a score are shown, with the latents that rose', async () => {
  await id('score-parts').nth(1).click()
  await expect(id('score-parts-panel')).toContainText('perplexity')
  await expect(id('score-parts-panel')).toContainText('Rose through the edit')
  await id('changed-latent').first().click()
  await expect(id('latent-label').last()).toBeVisible({ timeout: 20_000 })
  await page.keyboard.press('Escape')
})

test('columns are moved by the keyboard, hidden, pinned, and sorted by a score until that is reset', async () => {
  const before = await names()
  await id('column-grip').first().focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(names).toEqual([before[0], before[2], before[1], before[3]])
  await expect(id('column-grip').nth(1)).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(names).toEqual(before)
  await id('hide-column').nth(1).click()
  await expect(id('column')).toHaveCount(3)
  await expect(id('columns-menu')).toContainText('1 hidden')
  await id('columns-menu').click()
  await id('show-all-columns').click()
  await page.keyboard.press('Escape')
  await expect.poll(names).toEqual(before)
  await id('pin-column').nth(3).click()
  await expect.poll(names).toEqual([before[0], before[3], before[1], before[2]])
  await id('pin-column').nth(1).click()
  await id('columns-menu').click()
  await id('sort-columns').click()
  await page.getByRole('option', { name: /^perplexity/ }).click()
  await page.keyboard.press('Escape')
  const numbers = (await id('score-perplexity').allInnerTexts()).slice(1).map(Number)
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  await id('columns-menu').click()
  await id('sort-reset').click()
  await page.keyboard.press('Escape')
  await expect.poll(names).toEqual(before)
})

test('a column is forked, changed and run alone; the others keep their texts', async () => {
  const before = await texts().allInnerTexts()
  await id('fork-column').first().click()
  await expect(id('recipe')).toHaveCount(4)
  const copy = id('recipe').nth(1)
  await copy.getByTestId('intervention-coefficient').first().fill('40')
  await page.keyboard.press('Enter')
  await id('run-column').first().click()
  await finished()
  await expect.poll(async () => texts().nth(2).locator('[data-index]').count()).toBeGreaterThan(0)
  const after = await texts().allInnerTexts()
  expect([after[0], after[1], after[3], after[4]]).toEqual(before)
  expect(after[2]).not.toBe(after[1])
  await expect(id('score-perplexity').nth(3)).toContainText(/\d/)
})

test('writing goes on from a token, by its exact ids, and the run before is found again', async () => {
  const before = await texts().allInnerTexts()
  await texts().nth(1).locator('[data-index="4"]').click({ button: 'right' })
  await id('continue-here').click()
  await finished()
  await expect(id('continued')).toContainText('token 5')
  const written = (await id('continued').locator('p').innerText()).trim()
  expect(before[1]?.replace(/\s+/g, ' ')).toContain(written.replace(/\s+/g, ' ').slice(-20))
  expect(await texts().allInnerTexts()).not.toEqual(before)
  await id('run-history').click()
  await id('past-run').nth(1).click()
  await expect.poll(() => texts().allInnerTexts()).toEqual(before)
  await id('close-comparison').click()
  await expect(id('continued')).toBeVisible()
  await id('continued-back').click()
  await expect(id('prompt')).toBeVisible()
})

test('a further token is watched, and drawn along the text', async () => {
  await texts().first().locator('[data-index="2"]').click({ button: 'right' })
  await id('watch-here').click()
  await expect(id('watched-tokens')).toContainText('1 more')
  await setTokens(8)
  await id('steer-run').click()
  await finished()
  await id('metric-watched').click()
  await expect(id('position-chart')).toContainText('Watched')
  await expect(id('position-chart').locator('.chart-note')).toHaveCount(0)
  await texts().nth(1).locator('[data-index="3"]').hover()
  await expect(id('score-watched-0').nth(1)).toContainText(/\d/)
})

test('typing and scrolling stay responsive while sixteen columns stream', async () => {
  while ((await id('recipe').count()) < 16) {
    const count = await id('recipe').count()
    await id('fork-column').first().click()
    await expect(id('recipe')).toHaveCount(count + 1)
  }
  await id('stop-at-end').click()
  await setTokens(200)
  await id('steer-run').click()
  await expect.poll(() => texts().first().locator('[data-index]').count()).toBeGreaterThan(5)
  const measured = page.evaluate(async () => {
    const part = (name: string): Element | null => document.querySelector(`[data-testid="${name}"]`)
    const [gaps, typed, columns] = [new Array<number>(), new Array<string>(), part('columns')]
    part('prompt')?.addEventListener('input', () => {
      if (part('steer-cancel')) typed.push('letter')
    })
    let before = performance.now()
    // As long as it streams: how long that is depends on the machine.
    while (part('steer-cancel') && gaps.length < 120) {
      const now = await new Promise<number>((done) => requestAnimationFrame(done))
      gaps.push(now - before)
      before = now
      if (columns) columns.scrollLeft = (gaps.length * 40) % Math.max(1, columns.scrollWidth - columns.clientWidth)
    }
    return { gaps: gaps.slice(1).sort((a, b) => a - b), typed: typed.length }
  })
  await id('prompt').pressSequentially(' and', { delay: 60 })
  const { gaps, typed } = await measured
  expect(typed).toBeGreaterThan(0)
  expect(gaps.length).toBeGreaterThan(20)
  await expect(id('prompt')).toHaveValue(/ and$/)
  const at = (share: number): number => gaps[Math.min(gaps.length - 1, Math.floor(share * gaps.length))] ?? NaN
  test.info().annotations.push({
    type: 'frame gaps, ms',
    description: `median ${at(0.5).toFixed(1)}, 90 % ${at(0.9).toFixed(1)}, 99 % ${at(0.99).toFixed(1)}, most ${gaps.at(-1)?.toFixed(1)}`
  })
  // What is done is answered at the next frame, and within 100 ms an answer feels immediate. The median, because on a build machine other
  // programs may hold both cores, and the engine itself wants both while it writes.
  expect(at(0.5)).toBeLessThan(100)
  await page.keyboard.press('Escape')
  await finished()
})
