/**
 * Steps for the README's pictures, taken from the real window on the demo project:
 *   node scripts/screenshot.mjs docs/images/readme.png --size 1600x1000 --steps scripts/readme-pictures.mjs
 * saves readme-analyse.png, readme-rankings.png, readme-library.png and readme-steer.png beside it (readme.png itself is not kept).
 */
export default async ({ page, shot }) => {
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
  await id('comparison-row').first().click()
  await id('column-text').nth(3).waitFor()
  await page.mouse.move(0, 0)
  await shot('steer')
}
