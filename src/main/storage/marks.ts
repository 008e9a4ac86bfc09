/** What people said of a saved comparison's texts without knowing whose they were. */
import { randomUUID } from 'node:crypto'
import { fail } from '../../shared/errors'
import { Mark, type NewMark } from '../../shared/records/marks'
import { mutate } from './history'
import type { Project } from './project'
import { failRecord } from './rankings'
import { quoted } from './words'

/** Marks of one comparison, oldest first. Fails with RECORD_MISSING. */
export async function listMarks(project: Project, comparisonId: string): Promise<Mark[]> {
  try {
    const known = await project.db.selectFrom('comparisons').select('id').where('id', '=', comparisonId).executeTakeFirst()
    if (known === undefined) return fail('RECORD_MISSING', { kind: 'comparison', id: comparisonId })
    const rows = await project.db
      .selectFrom('marks')
      .selectAll()
      .where('comparison_id', '=', comparisonId)
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map((row) =>
      Mark.parse({
        id: row.id,
        question: row.question,
        left: row.left_column,
        right: row.right_column,
        choice: row.choice,
        createdAt: row.created_at
      })
    )
  } catch (thrown) {
    failRecord(project.path, `list of marks of comparison ${comparisonId}`, thrown)
  }
}

/** Keeps a mark. One undoable change. Fails with RECORD_MISSING. */
export async function addMark(project: Project, comparisonId: string, given: NewMark): Promise<Mark> {
  const mark: Mark = { ...given, id: randomUUID(), createdAt: new Date().toISOString() }
  await mutate(project, async (changes) => {
    const { name } = await changes.get('comparisons', comparisonId)
    await changes.insert('marks', {
      id: mark.id,
      comparison_id: comparisonId,
      question: mark.question,
      left_column: mark.left,
      right_column: mark.right,
      choice: mark.choice,
      created_at: mark.createdAt
    })
    return `mark two texts of ${quoted(name)}`
  })
  return mark
}

/** Removes all marks of a comparison; returns how many there were. One undoable change. Fails with RECORD_MISSING. */
export async function clearMarks(project: Project, comparisonId: string): Promise<number> {
  const marks = await listMarks(project, comparisonId)
  await mutate(project, async (changes) => {
    const { name } = await changes.get('comparisons', comparisonId)
    for (const { id } of marks) await changes.delete('marks', id)
    return `remove the marks of ${quoted(name)}`
  })
  return marks.length
}
