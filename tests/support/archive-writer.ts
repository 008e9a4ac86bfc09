/**
 * A program that only writes: opens the project given, then adds prompts and rankings, undoes now and then, and prints each id once
 * it was acknowledged. tests/pipeline/storage.test.ts kills it.
 */
import { writeSync } from 'node:fs'
import { undo } from '../../src/main/storage/history'
import { openProject } from '../../src/main/storage/project'
import { addPrompt, deletePrompt } from '../../src/main/storage/prompts'
import { saveRanking } from '../../src/main/storage/rankings'
import { sampleRanking } from './records'

// written at once, not buffered: a line that was printed was acknowledged, whenever the kill comes
const say = (line: string): void => void writeSync(1, `${line}\n`)

async function write(path: string): Promise<never> {
  const project = await openProject(path)
  say('ready')
  for (let n = 0; ; n++) {
    say(`prompt ${await addPrompt(project, { text: `prompt ${n}`, name: '', groupId: null })}`)
    say(`ranking ${await saveRanking(project, { name: `ranking ${n}`, promptId: null, ranking: sampleRanking(200), labels: [] })}`)
    const passing = await addPrompt(project, { text: 'soon gone', name: '', groupId: null })
    await deletePrompt(project, passing)
    say(`deleted ${passing}`)
    await undo(project)
    say(`prompt ${passing}`)
  }
}

void write(process.argv[2] ?? '')
