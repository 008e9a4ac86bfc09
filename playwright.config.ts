import { defineConfig } from '@playwright/test'

/** End-to-end tests in the real, built app. Each test starts its own; one at a time, because a run uses the whole machine. */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './scripts/lib/playwright-setup.mjs',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  outputDir: 'test-results'
})
