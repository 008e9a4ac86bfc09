import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// The report's style is text in the code, and must be there in tests too (Vitest empties style sheets otherwise).
const css = { include: [/resources\/report\//] }

/** `unit` is quick and needs nothing but Node; `pipeline` runs the default model through the real rooms. */
export default defineConfig({
  test: {
    // Two at once also on two cores: half of the time goes into starting programs and loading modules, one core each.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    // What is waited for comes at once; the bound is for a loaded machine.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          css,
          include: ['tests/unit/**/*.test.ts'],
          testTimeout: 20_000,
          // Plain functions share nothing, so their modules are loaded once. Pipelines measure their process: one each.
          isolate: false
        }
      },
      {
        test: {
          name: 'pipeline',
          environment: 'node',
          css,
          include: ['tests/pipeline/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000
        }
      }
    ]
  }
})
