import { defineConfig } from 'vitest/config'

/** `unit` is quick and needs nothing but Node; `pipeline` runs the default model through the real rooms. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'pipeline', environment: 'node', include: ['tests/pipeline/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } }
    ]
  }
})
