import type { ElectronApplication, Page } from '@playwright/test'

export interface LaunchOptions {
  /** Kept after closing when named; else a temporary folder. */
  userData?: string
  args?: string[]
  /** Size of the window, in CSS pixels. */
  size?: { width: number; height: number }
  env?: Record<string, string>
}

export interface Workbench {
  app: ElectronApplication
  page: Page
  userData: string
  electron: { dist: string; executable: string; version: string; source: string }
  close(): Promise<void>
}

export function temporaryUserData(): string
/** What Electron is started with to show the built app with this user-data folder. */
export function launchArguments(userData: string, args?: string[]): string[]
export function launchWorkbench(options?: LaunchOptions): Promise<Workbench>
