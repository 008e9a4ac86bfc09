/// <reference types="vite/client" />

// For tools that do not read .vue files (lint); vue-tsc reads the files themselves.
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent
  export default component
}

/** Electron gives dropped files their path. */
interface File {
  readonly path: string
}
