import { z } from 'zod'
import { Device } from './model'

/** A model or SAE folder the user keeps in the list. */
export const LibraryEntry = z.object({ path: z.string(), kind: z.enum(['model', 'sae']), hook: z.string().nullable() })
export type LibraryEntry = z.infer<typeof LibraryEntry>

/** Remembered between starts, in one JSON file in the user-data folder. `ui` holds what views remember (splitters, columns). */
export const Settings = z.object({
  theme: z.enum(['light', 'dark', 'system']).default('system'),
  device: Device.default('auto'),
  lastProject: z.string().nullable().default(null),
  library: z.array(LibraryEntry).default([]),
  ui: z.record(z.string(), z.unknown()).default({})
})
export type Settings = z.infer<typeof Settings>
