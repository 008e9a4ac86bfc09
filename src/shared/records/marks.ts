/** What people say of two texts whose order is hidden from them. */
import { z } from 'zod'

export const MarkQuestion = z.enum(['concept', 'fluency', 'better'])
export type MarkQuestion = z.infer<typeof MarkQuestion>

export const NewMark = z.object({
  question: MarkQuestion,
  /** Columns of the comparison, as they stood on the left and on the right. */
  left: z.number().int().nonnegative(),
  right: z.number().int().nonnegative(),
  choice: z.enum(['left', 'right', 'tie'])
})
export type NewMark = z.infer<typeof NewMark>

export const Mark = NewMark.extend({ id: z.string(), createdAt: z.string() })
export type Mark = z.infer<typeof Mark>
