/** Stores the batches of a run one after the other, those that are there left out, and says of each when it is stored. Killed by tests. */
import { openProject } from '../../src/main/storage/project'
import { appendSetResults, getSetRun } from '../../src/main/storage/set-runs'
import { promptsNamed, randomResults } from './set-results'

const [, , path = '', id = '', count = '', of = ''] = process.argv
const [prompts, batches] = [Number(count), Number(of)]
const results = randomResults(1, promptsNamed(prompts))
const project = await openProject(path)
const { doneBatches } = await getSetRun(project, id)
for (let batch = 0; batch < batches; batch++) {
  if (doneBatches.includes(batch)) continue
  await appendSetResults(project, id, { batch, batches, results: results.filter(({ index }) => index % batches === batch) })
  process.stdout.write(`${batch}\n`)
}
project.close()
