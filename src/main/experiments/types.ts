/**
 * What an experiment is: a record in a list. It reads its settings, does its work in parts that do not depend on one another, and makes
 * its result of the parts alone. So it goes on where it stopped, shows what is known so far, and comes to the same however it is divided.
 */
import { z } from 'zod'
import { fail, toWireError, WorkbenchError, type ErrorCode } from '../../shared/errors'
import type { ExperimentInfo, ExperimentPart, ExperimentResult, ExperimentSettings } from '../../shared/records/experiment'
import type { Device } from '../../shared/records/model'
import type { SetPrompt } from '../../shared/records/sets'
import type { Recipe } from '../../shared/records/steering'
import type { Task } from '../../shared/task'
import type { Bench } from '../attribution'
import type { SteeringParts } from '../steering/open'

/** Where an experiment runs, apart from the model and the SAE that are open. */
export interface Places {
  /** The devices of this machine besides the bench's own, by name, and the same bench on one of them. */
  readonly otherDevices: readonly Device[]
  onDevice<R>(device: Device, work: (bench: Bench) => Promise<R>): Promise<R>
  /** SAEs of other layers of the same model that lie beside this one, by their hook points. Looked for once. */
  otherSaes(): Promise<readonly OtherSae[]>
  /** The bench with every further SAE that recipes name. @throws RECIPE_SAE_MISSING */
  withSaes<R>(recipes: readonly Recipe[], work: (parts: SteeringParts) => Promise<R>): Promise<R>
}

/** The same model with another SAE. */
export interface OtherSae {
  readonly name: string
  use<R>(work: (bench: Bench) => Promise<R>): Promise<R>
}

/** What a part is computed from. */
export interface ExperimentContext<S> {
  readonly bench: Bench
  readonly places: Places
  readonly prompts: readonly SetPrompt[]
  readonly settings: S
}

/** What a result is made of: the parts there are, each with its number, and the prompts that were left out with the reason. */
export interface Finished<S, P> {
  readonly settings: S
  readonly prompts: readonly SetPrompt[]
  readonly parts: readonly P[]
  readonly leftOut: readonly { readonly part: number; readonly reason: string }[]
}

/** An experiment as its file writes it. S: its settings; P: what one part leaves behind, plain JSON. */
export interface Definition<S, P> {
  readonly info: Omit<ExperimentInfo, 'defaults'>
  /** Every setting has a default. */
  readonly settings: z.ZodType<S>
  readonly part: z.ZodType<P>
  /** How many parts there are. The work of one is small enough that cancelling may wait for it, and runs alone. */
  parts(prompts: readonly SetPrompt[], settings: S): number
  runPart(context: ExperimentContext<S>, part: number, task: Task): Promise<P>
  /** Pure: the same parts make the same result. */
  result(finished: Finished<S, P>): ExperimentResult
}

/** An experiment whose settings and parts are read strictly wherever they come from. */
export interface Experiment {
  readonly info: ExperimentInfo
  /** Settings with defaults in the places of absent ones. @throws EXPERIMENT_SETTING */
  settings(given: ExperimentSettings): ExperimentSettings
  parts(prompts: readonly SetPrompt[], settings: ExperimentSettings): number
  /** One part as plain JSON; of a prompt that cannot be used, the reason. Rejects with Cancelled. */
  runPart(context: ExperimentContext<ExperimentSettings>, part: number, task: Task): Promise<ExperimentPart>
  /** @throws EXPERIMENT_PART where a part is not one of this experiment */
  result(prompts: readonly SetPrompt[], settings: ExperimentSettings, parts: readonly ExperimentPart[]): ExperimentResult
}

const LeftOut = z.object({ leftOut: z.string() })

/** What one prompt may cause and the others are not to suffer for. */
const FAULTS_OF_PROMPTS: readonly ErrorCode[] = [
  'PROMPT_EMPTY',
  'PROMPT_ONLY_SPECIAL',
  'PROMPT_TOO_LONG',
  'CONTEXT_FULL',
  'TOKEN_UNKNOWN',
  'ANSWER_MISSING',
  'TARGET_EMPTY',
  'TARGET_SEVERAL_TOKENS',
  'SAE_TOO_WIDE',
  'NUMBERS_NOT_FINITE'
]

/** Makes an experiment of its definition: settings and parts are parsed at every border. */
export function experiment<S, P>(definition: Definition<S, P>): Experiment {
  const { info, part: shape } = definition
  const read = (given: ExperimentSettings): S => {
    const parsed = definition.settings.safeParse(given)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    return fail('EXPERIMENT_SETTING', { experiment: info.title, setting: issue?.path.join('.') ?? '', reason: issue?.message ?? '' })
  }
  const readPart = ({ part, data }: ExperimentPart): { leftOut: string } | { data: P } => {
    const leftOut = LeftOut.safeParse(data)
    if (leftOut.success) return leftOut.data
    const parsed = shape.safeParse(data)
    if (parsed.success) return { data: parsed.data }
    const issue = parsed.error.issues[0]
    return fail('EXPERIMENT_PART', { experiment: info.title, part, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` })
  }
  const plain = (settings: S): ExperimentSettings => z.record(z.string(), z.unknown()).parse(settings)
  return {
    info: { ...info, defaults: plain(read({})) },
    settings: (given) => plain(read(given)),
    parts: (prompts, settings) => definition.parts(prompts, read(settings)),
    async runPart(context, part, task) {
      try {
        return { part, data: await definition.runPart({ ...context, settings: read(context.settings) }, part, task) }
      } catch (thrown) {
        if (!(thrown instanceof WorkbenchError) || !FAULTS_OF_PROMPTS.includes(thrown.code)) throw thrown
        return { part, data: { leftOut: toWireError(thrown).message } }
      }
    },
    result(prompts, settings, parts) {
      const inOrder = [...parts].sort((a, b) => a.part - b.part).map((part) => ({ part: part.part, ...readPart(part) }))
      return definition.result({
        settings: read(settings),
        prompts,
        parts: inOrder.flatMap((part) => ('data' in part ? [part.data] : [])),
        leftOut: inOrder.flatMap((part) => ('leftOut' in part ? [{ part: part.part, reason: part.leftOut }] : []))
      })
    }
  }
}
