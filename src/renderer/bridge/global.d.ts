import type { ShellBridge } from '../../shared/contract/shell'

declare global {
  interface Window {
    /** Put there by the preload script. */
    readonly workbench: ShellBridge
  }
}
