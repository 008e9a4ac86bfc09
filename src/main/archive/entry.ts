/** Entry of the archive process. */
import { archiveCalls } from '../../shared/contract'
import { readProcessOptions } from '../process/options'
import { runProcess } from '../process/run'
import type { ParentPort } from '../process/run'
import { createArchive } from './handlers'

const options = readProcessOptions(process.argv.slice(2))
const { handlers, close } = createArchive(options)
// Electron adds parentPort to the process of a utility process; Node's types do not know it
const { parentPort } = process as unknown as { parentPort: ParentPort | undefined }
runProcess(parentPort, { calls: archiveCalls, handlers, options, close })
