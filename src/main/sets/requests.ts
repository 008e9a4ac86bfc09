/** Prompts of a set as requests for attribution, each checked before anything is run. */
import { toWireError, WorkbenchError } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import type { SetPrompt, SetResult, SetSettings } from '../../shared/records/sets'
import { breathe, type Task } from '../../shared/task'
import { checkRequest, methodOf, type AttributionRequest, type Checked } from '../attribution'
import type { Model } from '../models/types'
import { targetOf } from './answer'
import type { PlanItem } from './plan'

/** Prompts looked at between two looks for cancelling. */
const AT_ONCE = 200

/** What a run is of, apart from the bench. */
export interface SetRequest {
  readonly settings: SetSettings
  readonly prompts: readonly SetPrompt[]
  readonly reading?: SaeReading | undefined
  readonly preflight?: PreflightSummary | null | undefined
}

/** A prompt that can be run, or why it cannot. */
export type Item = { readonly checked: Checked } | { readonly error: NonNullable<SetResult['error']> }

/** Checks every prompt, in the order of the set. Rejects with Cancelled. */
export async function checkAll(model: Model, set: SetRequest, task: Task): Promise<Item[]> {
  const items: Item[] = []
  for (const prompt of set.prompts) {
    if (items.length % AT_ONCE === 0) {
      task.progress('Reading prompts', items.length, set.prompts.length)
      await breathe(task)
    }
    items.push(checkOne(model, set, prompt))
  }
  return items
}

function checkOne(model: Model, set: SetRequest, prompt: SetPrompt): Item {
  try {
    return { checked: checkRequest(model, requestOf(model, set, prompt)) }
  } catch (thrown) {
    return { error: faultOf(thrown) }
  }
}

/** A prompt's request. Its counterfactual is passed on where the method can use one. @throws ANSWER_MISSING */
function requestOf(model: Model, { settings, reading, preflight }: SetRequest, prompt: SetPrompt): AttributionRequest {
  const { explain, ...switches } = settings
  const method = methodOf(settings.method)
  const target = targetOf(model, prompt, explain, settings.targetKind ?? method.target)
  const counterfactual = method.counterfactual === 'none' ? null : prompt.counterfactual
  return { ...switches, prompt: prompt.prompt, target, counterfactual, reading, preflight, modelTop: false }
}

/** What a plan needs to know of the items. */
export function planItems(items: readonly Item[]): PlanItem[] {
  return items.map((item) => {
    if ('error' in item) return { positions: null, terms: 0, kind: '' }
    const { plan, other } = item.checked
    // A counterfactual is read beside its prompt: two rows of as many positions.
    return { positions: plan.ids.length, terms: plan.terms.length, kind: other === null ? 'alone' : 'paired' }
  })
}

/** An error that a prompt causes, as its result keeps it. What is no refusal is thrown on. */
export function faultOf(thrown: unknown): NonNullable<SetResult['error']> {
  if (!(thrown instanceof WorkbenchError)) throw thrown
  const { code, message } = toWireError(thrown)
  return { code, message }
}
