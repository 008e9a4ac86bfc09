import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Settings } from '../../shared/records/settings'
import { themes, type ChartTheme, type ThemeName } from '../charts/theme'
import { archive, shell } from '../bridge'

const UI_SAVE_DELAY = 400

/** What is remembered between starts: theme, device, added folders, and what views remember (splitters, columns, choices). */
export const useSettings = defineStore('settings', () => {
  const settings = shallowRef<Settings>({ theme: 'system', device: 'auto', lastProject: null, library: [], ui: {} })
  const loaded = ref(false)
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(dark.matches)
  dark.addEventListener('change', (event) => (systemIsDark.value = event.matches))

  const themeName = computed<ThemeName>(() => {
    if (settings.value.theme !== 'system') return settings.value.theme
    return systemIsDark.value ? 'dark' : 'light'
  })
  const theme = computed<ChartTheme>(() => themes[themeName.value])

  let waiting: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    settings.value = await archive.call('settings.get', {})
    loaded.value = true
    if (settings.value.theme !== 'system') await shell.call('theme.set', { theme: settings.value.theme })
  }

  async function update(patch: Partial<Settings>): Promise<void> {
    settings.value = { ...settings.value, ...patch }
    await archive.call('settings.set', patch)
  }

  async function setTheme(next: Settings['theme']): Promise<void> {
    await Promise.all([update({ theme: next }), shell.call('theme.set', { theme: next })])
  }

  /** A remembered number of a view, for example a splitter's size. */
  function uiNumber(key: string, fallback: number): number {
    const value = settings.value.ui[key]
    return typeof value === 'number' && Number.isFinite(value) ? value : fallback
  }

  function uiText(key: string, fallback: string): string {
    const value = settings.value.ui[key]
    return typeof value === 'string' ? value : fallback
  }

  function uiFlag(key: string, fallback: boolean): boolean {
    const value = settings.value.ui[key]
    return typeof value === 'boolean' ? value : fallback
  }

  /** Remembers a value of a view; written to disk a moment later, so that dragging does not write each pixel. */
  function remember(key: string, value: number | string | boolean): void {
    if (settings.value.ui[key] === value) return
    settings.value = { ...settings.value, ui: { ...settings.value.ui, [key]: value } }
    clearTimeout(waiting)
    waiting = setTimeout(() => void archive.call('settings.set', { ui: settings.value.ui }), UI_SAVE_DELAY)
  }

  /** What the About dialog shows of the program itself. */
  async function appInfo(): Promise<{ version: string; versions: Record<string, string> }> {
    return shell.call('app.info', {})
  }

  return { settings, loaded, theme, themeName, load, update, setTheme, uiNumber, uiText, uiFlag, remember, appInfo }
})
