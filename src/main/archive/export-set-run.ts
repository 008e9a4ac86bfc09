/** A run over a prompt set as one table, with a manifest beside it that says where its numbers come from. */
import { stat } from 'node:fs/promises'
import { promptText } from '../../shared/prompt-text'
import type { SetPrompt, SetResult } from '../../shared/records/sets'
import { checkCancelled, type Task } from '../../shared/task'
import { resultsTable } from '../sets/results'
import { writeFileAtomic } from '../storage/files'
import { getSet } from '../storage/prompt-sets'
import type { Project } from '../storage/project'
import { resultsInOrder } from '../storage/set-results'
import { getSetRun } from '../storage/set-runs'
import { mapBench, mapProvenance, type Paths } from './paths'
import { type formatOf, nullable, specsOf, writeTables, type Table } from '../tables'

/** Rows of a piece, or a few more: pieces end where a prompt does. */
const PIECE_ROWS = 100_000

/**
 * Writes every stored result, in the order of the set, and `{path}.manifest.json` beside it. Answers with the table and the bytes of both.
 * @throws RECORD_MISSING, PROJECT_INVALID, DISK_FULL, FILE_UNWRITABLE; rejects with Cancelled, and then there is no file
 */
export async function exportSetRun(
  project: Project,
  id: string,
  { path, format, shown }: { path: string; format: ReturnType<typeof formatOf>; shown: Paths['shown'] },
  task: Task
): Promise<{ path: string; bytes: number }> {
  const { provenance, settings, bench, ...run } = await getSetRun(project, id)
  const { all, ...set } = await getSet(project, run.setId)
  await writeTables(path, format, specsOf(tableOfPrompts([], all).columns), pieces(project, id, all, run.prompts, task))
  const { name, notes, createdAt, prompts, done, batches, failed } = run
  const manifest = {
    run: { name, notes, createdAt, prompts, done, batches, failed },
    set: { name: set.name, source: set.source, prompts: all },
    settings,
    bench: mapBench(bench, shown),
    provenance: provenance && mapProvenance(provenance, shown)
  }
  const beside = `${path}.manifest.json`
  await writeFileAtomic(beside, `${JSON.stringify(manifest, null, 2)}\n`)
  return { path, bytes: (await stat(path)).size + (await stat(beside)).size }
}

async function* pieces(project: Project, id: string, prompts: readonly SetPrompt[], total: number, task: Task): AsyncGenerator<Table> {
  let [some, rows, done]: [SetResult[], number, number] = [[], 0, 0]
  for await (const result of resultsInOrder(project, id)) {
    checkCancelled(task)
    some.push(result)
    rows += Math.max(1, result.latent.length)
    done += 1
    if (rows < PIECE_ROWS) continue
    task.progress('write', done, total)
    yield tableOfPrompts(some, prompts)
    ;[some, rows] = [[], 0]
  }
  yield tableOfPrompts(some, prompts)
}

/** The columns of `resultsTable`, then the prompt's text (none where it was given as tokens) and its group. */
function tableOfPrompts(results: readonly SetResult[], prompts: readonly SetPrompt[]): Table {
  const { columns, rows } = resultsTable(results)
  const places = columns.find(({ name }) => name === 'prompt')?.values ?? []
  const ofPrompt = (pick: (prompt: SetPrompt) => string | null): (string | null)[] =>
    Array.from(places, (place) => {
      const prompt = prompts[Number(place)]
      return prompt ? pick(prompt) : null
    })
  return {
    columns: [
      ...columns,
      nullable(
        'prompt_text',
        'string',
        ofPrompt(({ prompt }) => ('ids' in prompt ? null : promptText(prompt)))
      ),
      nullable(
        'group',
        'string',
        ofPrompt(({ group }) => group)
      )
    ],
    rows
  }
}
