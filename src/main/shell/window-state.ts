/** Size and place of the window, remembered in the user-data folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

export const Bounds = z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int(), height: z.number().int() })
export type Bounds = z.infer<typeof Bounds>

const WindowState = z.object({ bounds: Bounds, maximized: z.boolean() })
export type WindowState = z.infer<typeof WindowState>

/** Smallest size the window's layout is made for, in CSS pixels. */
export const MINIMUM = { width: 1024, height: 700 }
const COMFORTABLE = { width: 1440, height: 920 }

/** What was remembered in `file`, or null when there is nothing usable. Losing a window size is no error. */
export function readWindowState(file: string): WindowState | null {
  try {
    const parsed = WindowState.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Remembers `state` in `file`. */
export function writeWindowState(file: string, state: WindowState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(state))
}

/**
 * `wanted` where it is still visible on one of `screens` (work areas), else a comfortable size in the middle of the first.
 * A screen may have been taken away since.
 */
export function placeWindow(wanted: Bounds | null, screens: readonly Bounds[]): Bounds {
  const home = wanted === null ? undefined : screens.find((screen) => overlap(wanted, screen) >= 0.5)
  const screen = home ?? screens[0] ?? { x: 0, y: 0, ...COMFORTABLE }
  const { width, height } = home === undefined || wanted === null ? COMFORTABLE : wanted
  const fitted = { width: clamp(width, MINIMUM.width, screen.width), height: clamp(height, MINIMUM.height, screen.height) }
  if (home !== undefined && wanted !== null) return { x: wanted.x, y: wanted.y, ...fitted }
  return {
    x: screen.x + Math.round((screen.width - fitted.width) / 2),
    y: screen.y + Math.round((screen.height - fitted.height) / 2),
    ...fitted
  }
}

/** Share of `inner` that lies on `outer`. */
function overlap(inner: Bounds, outer: Bounds): number {
  const width = Math.min(inner.x + inner.width, outer.x + outer.width) - Math.max(inner.x, outer.x)
  const height = Math.min(inner.y + inner.height, outer.y + outer.height) - Math.max(inner.y, outer.y)
  return (Math.max(0, width) * Math.max(0, height)) / Math.max(1, inner.width * inner.height)
}

/** `value` within the screen, but never under the minimum: the window manager decides what happens on a tiny screen. */
function clamp(value: number, minimum: number, available: number): number {
  return Math.max(minimum, Math.min(value, available))
}
