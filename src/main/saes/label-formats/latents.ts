/** Our own latents.jsonl (labels/record.ts), passed on without its SAE: {"id", "label", "label_from", "score", "rate", "max", "contexts"}. */
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { hasStatistics, LabelRecord, plainText } from '../labels/record'
import type { LabelFormat } from './types'

const FirstLine = z.looseObject({ id: z.number().int().nonnegative() })

export const latents: LabelFormat = {
  format: 'latents',
  title: 'latents.jsonl',
  lineBytes: 2 ** 20,
  folded: false,
  matches(first) {
    const line = FirstLine.safeParse(first)
    return line.success && ['label', 'rate', 'max', 'contexts'].some((key) => key in line.data)
  },
  read(line, path) {
    const record = LabelRecord.parse(line)
    const label = plainText(record.label ?? '')
    const kept = { ...record, label: label === '' ? null : label }
    return { claim: basename(dirname(path)), records: label !== '' || hasStatistics(kept) ? [kept] : [] }
  },
  // It lies in the SAE's folder or nowhere that says which SAE is meant.
  belongs: (claim, { folder }) => (basename(folder) === claim ? true : null)
}
