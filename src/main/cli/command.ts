/** What a command of the command line is: one file under commands/, one line in its index. */
import type { Task } from '../../shared/task'
import type { EngineHandlers } from '../engine/handlers'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** Shown after the name in the help: `--top N`. */
  readonly value?: string
  readonly help: string
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** What a command may use. The engine opens when it is first asked for. */
export interface CommandContext {
  engine(): EngineHandlers
  readonly task: Task
  /** Folder that relative paths start from: where the user typed the command. */
  readonly cwd: string
  readonly bundledModels: string
  readonly resources: string
  /** Folder for files the command makes by itself. */
  readonly scratch: string
  readonly version: string
}

export interface CommandResult {
  /** Printed with --json. */
  readonly json: unknown
  /** Printed otherwise. */
  readonly human: string
  /** What a person should know of the run besides its result: printed on stderr. */
  readonly notes?: readonly string[]
  /** Set where the output says what failed: the exit code is 1 all the same. */
  readonly failed?: boolean
}

export interface Command {
  /** One word, or two where one file has several commands. */
  readonly name: string
  readonly summary: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** What is given without a name, any number of them, for example paths; `values.operands` has them. None are taken when absent. */
  readonly operands?: { readonly value: string; readonly help: string }
  /** What works on projects is imported in here: the database would take half of the start of every other command, and 15 MiB. */
  run(values: OptionValues, context: CommandContext): Promise<CommandResult>
}
