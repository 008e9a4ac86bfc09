import type { z } from 'zod'

/** A value that a view remembered as JSON text; null when the text is empty, damaged or of an older shape. */
export function parseJson<S extends z.ZodType>(schema: S, text: string): z.output<S> | null {
  if (text === '') return null
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
