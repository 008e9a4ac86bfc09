/** Calls for prompt sets. */
import type { EngineCalls, Handlers } from '../../shared/contract'
import { estimateSet, runSet } from '../sets'
import type { Opened } from './opened'

export function createSetHandlers(opened: Opened): Pick<Handlers<EngineCalls>, 'sets.run' | 'sets.estimate'> {
  return {
    'sets.run': (input, task) => opened.bench(input, (bench) => runSet(bench, input, task, (batch) => task.emit(batch))),
    'sets.estimate': (input, task) => opened.bench(input, (bench) => estimateSet(bench, input, task))
  }
}
