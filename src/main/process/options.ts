/** What the shell tells a process on its command line. */
import { parseArgs } from 'node:util'
import { assert } from '../../shared/errors'

export interface ProcessOptions {
  /** Folder for settings, recent projects, caches and logs. */
  userData: string
  /** Folder of the models that ship with the app. */
  bundledModels: string
  /** Folder of icons, report template and demo project. */
  resources: string
  /** Version of the app, for provenance. */
  version: string
  /** True in development and tests: outputs are checked against the contract. */
  validateOutput: boolean
}

/** The options as arguments; `readProcessOptions` is its inverse. */
export function processArguments(options: ProcessOptions): string[] {
  return [
    `--user-data=${options.userData}`,
    `--models=${options.bundledModels}`,
    `--resources=${options.resources}`,
    `--app-version=${options.version}`,
    ...(options.validateOutput ? ['--validate-output'] : [])
  ]
}

/** Reads what the shell passed. A missing option is a fault of the shell. */
export function readProcessOptions(argv: readonly string[]): ProcessOptions {
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      'user-data': { type: 'string' },
      models: { type: 'string' },
      resources: { type: 'string' },
      'app-version': { type: 'string' },
      'validate-output': { type: 'boolean' }
    }
  })
  const text = (name: 'user-data' | 'models' | 'resources' | 'app-version'): string => {
    const value = values[name]
    assert(typeof value === 'string' && value !== '', `the shell passes --${name}`)
    return value
  }
  return {
    userData: text('user-data'),
    bundledModels: text('models'),
    resources: text('resources'),
    version: text('app-version'),
    validateOutput: values['validate-output'] === true
  }
}
