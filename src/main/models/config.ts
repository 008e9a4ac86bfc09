/** Reading config.json: what every architecture file needs to do it strictly and say clearly what is wrong. */
import { z } from 'zod'
import { fail } from '../../shared/errors'

/** A size: a whole number above 0. No real one comes near the bound. */
export const Size = z.number().int().positive().max(100_000_000)
/** A number of blocks. The deepest published models have under 200; the bound keeps a hostile config from filling the memory. */
export const Depth = z.number().int().positive().max(2000)
const Ids = z.union([z.number().int(), z.array(z.number().int())]).nullish()

/** The config's fields, parsed by an architecture's schema. Throws MODEL_CONFIG_INVALID naming the field. */
export function parseConfig<T>(schema: z.ZodType<T>, raw: Readonly<Record<string, unknown>>, path: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  return fail('MODEL_CONFIG_INVALID', { path, reason: `its "${field}" is not usable (${issue?.message ?? 'malformed'})` })
}

/** End-of-text ids as config.json and generation_config.json write them: a number, a list, null or nothing. */
export function endIds(value: unknown): number[] {
  const parsed = Ids.safeParse(value)
  const ids = parsed.success ? (parsed.data ?? []) : []
  return typeof ids === 'number' ? [ids] : ids
}

/** Refuses what the forward pass does not implement. */
export function unsupported(path: string, feature: string, hint = 'Choose a model without it.'): never {
  return fail('MODEL_FEATURE_UNSUPPORTED', { path, feature, hint })
}

/** Refuses a config whose parts contradict each other. */
export function contradictory(path: string, reason: string): never {
  return fail('MODEL_CONFIG_INVALID', { path, reason })
}
