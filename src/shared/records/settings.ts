import { z } from 'zod'
import { Device, ModelInfo, SaeInfo, SaeReading } from './model'

/**
 * A model or SAE the user keeps in the list, as its files were when they were last accepted. While `stamp` is what the files still
 * give, `info` is believed without opening them; when they have changed, nothing uses them before a person says so.
 */
export const LibraryEntry = z.object({
  path: z.string(),
  kind: z.enum(['model', 'sae']),
  /** SAEs whose files name no hook point: the one chosen. */
  hook: z.string().nullable(),
  /** Names, sizes and times of the files; '' in lists from before it was kept. */
  stamp: z.string().default(''),
  model: ModelInfo.nullable().default(null),
  sae: SaeInfo.nullable().default(null),
  /** How the SAE is read; {} as its files say. */
  reading: SaeReading.default({})
})
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
