/** The engine process: everything that needs a model, behind a port. */
import { join } from 'node:path'
import { engineCalls } from '../../shared/contract'
import { readProcessOptions } from '../process/options'
import { runProcess } from '../process/run'
import { createEngineHandlers } from './handlers'

const options = readProcessOptions(process.argv.slice(2))

runProcess(process.parentPort, {
  calls: engineCalls,
  handlers: createEngineHandlers({ ...options, labels: join(options.userData, 'labels') }),
  options
})
