/** Between an experiment's settings (plain JSON) and the fields that the page makes for them. */
import type { ExperimentField, ExperimentInfo, ExperimentSettings } from '../../shared/records/experiment'
import { z } from 'zod'
import { Recipe } from '../../shared/records/steering'
import { formatNumber } from './format'
import { parseNumber } from './number-input'

export type FieldValue = number | number[] | string | string[] | boolean | Recipe[]

/** Whether `value` may stand in the field. */
export function fits(field: ExperimentField, value: unknown): value is FieldValue {
  switch (field.kind) {
    case 'number':
      return isWithin(value, field) && (!field.integer || Number.isInteger(value))
    case 'numbers':
      return Array.isArray(value) && value.every((each) => isWithin(each, field) && (field.integer !== true || Number.isInteger(each)))
    case 'choice':
      return typeof value === 'string' && field.options.includes(value)
    case 'choices':
      return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string' && field.options.includes(each))
    case 'text':
      return typeof value === 'string'
    case 'recipes':
      return z.array(Recipe).safeParse(value).success
    case 'switch':
      return typeof value === 'boolean'
  }
}

const isWithin = (value: unknown, { min, max }: { min: number; max: number }): boolean =>
  typeof value === 'number' && value >= min && value <= max

/** The defaults, with what was changed and still fits put over them. */
export function settingsOf(
  { defaults, fields }: Pick<ExperimentInfo, 'defaults' | 'fields'>,
  changed: ExperimentSettings
): ExperimentSettings {
  const kept = fields.flatMap((field) => (fits(field, changed[field.key]) ? [[field.key, changed[field.key]] as const] : []))
  return { ...defaults, ...Object.fromEntries(kept) }
}

/** Labels of the fields whose value is not the default. */
export function changedFields({ defaults, fields }: Pick<ExperimentInfo, 'defaults' | 'fields'>, settings: ExperimentSettings): string[] {
  return fields.filter(({ key }) => JSON.stringify(settings[key]) !== JSON.stringify(defaults[key])).map(({ label }) => label)
}

/** Numbers as typed, parted by commas, semicolons or spaces (none at all is an empty list); the reason in words where they are none of this field. */
export function parseNumbers(
  text: string,
  { min, max, integer }: { min: number; max: number; integer?: boolean | undefined }
): number[] | string {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '')
  const numbers: number[] = []
  for (const word of words) {
    const value = parseNumber(word)
    if (value === null) return `“${word}” is not a number.`
    if (integer === true && !Number.isInteger(value)) return `${formatNumber(value)} is not a whole number.`
    if (value < min || value > max) return `${formatNumber(value)} is not between ${formatNumber(min)} and ${formatNumber(max)}.`
    if (!numbers.includes(value)) numbers.push(value)
  }
  return numbers
}
