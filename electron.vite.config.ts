import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/**
 * Built for the oldest Electron it runs on (25: Node 18.15, Chrome 114), which has no ECMAScript modules in its main
 * process: main, preload and the processes are CommonJS.
 */
export default defineConfig({
  main: {
    build: {
      target: 'node18.15',
      sourcemap: true,
      // These are published as ECMAScript modules alone, which CommonJS cannot require in Node 18.
      externalizeDeps: { exclude: ['hyparquet', 'hyparquet-writer'] },
      rolldownOptions: {
        input: {
          index: at('src/main/index.ts'),
          engine: at('src/main/engine/entry.ts'),
          archive: at('src/main/archive/entry.ts'),
          cli: at('src/main/cli/index.ts')
        },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' }
      }
    }
  },
  preload: {
    build: {
      target: 'node18.15',
      // A sandboxed preload script is one self-contained file.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: at('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: at('src/renderer'),
    plugins: [vue()],
    build: {
      target: 'chrome114',
      sourcemap: true,
      // Fonts and images stay files: the policy of the window allows data: only where it must.
      assetsInlineLimit: 0,
      rolldownOptions: { input: { index: at('src/renderer/index.html') } }
    }
  }
})
