import { expect, test } from '@playwright/test'
import { launchWorkbench, type Workbench } from '../support/electron'

let workbench: Workbench

test.beforeAll(async () => {
  workbench = await launchWorkbench()
})

test.afterAll(async () => {
  await workbench.close()
})

test('the window opens on the built page', async () => {
  expect(workbench.page.url()).toBe('app://workbench/index.html')
  await expect(workbench.page.locator('#app')).not.toBeEmpty()
})
