/**
 * How far to believe a ranking: what the target's value does when latents are deleted, or inserted, in a method's order. At a share of the
 * active latents k,
 *
 *   deletion(k)  = the target without the first k latents          insertion(k) = the target with the first k latents alone
 *
 * at every position of the prompt, the error term kept or not. Latents go by score, the largest first, so that those that lower the target go
 * last, whatever a method's own list is ordered by. A good order deletes fast and inserts fast. One part is one prompt.
 */
import { fail } from '../../shared/errors'
import type { MethodName } from '../../shared/records/ranking'
import type { Task } from '../../shared/task'
import type { Attributed } from '../attribution'
import type { ActiveLatents } from '../saes'
import { spearman } from '../statistics/correlation'
import { faithfulnessResult } from './faithfulness-result'
import { Part, Settings, type FaithfulnessPart, type FaithfulnessSettings } from './faithfulness-shape'
import * as fields from './fields'
import { rankPrompt, scoresByLatent } from './rank-prompt'
import { targetValues, withLatents, withoutLatents } from './removals'
import { experiment, type ExperimentContext } from './types'

type Context = ExperimentContext<FaithfulnessSettings>

async function runPart(context: Context, part: number, task: Task): Promise<FaithfulnessPart> {
  const { bench, prompts, settings } = context
  const prompt = prompts[part] ?? fail('PROMPT_EMPTY')
  const rank = (method: MethodName): Promise<Attributed> => rankPrompt(bench, prompt, method, settings, settings.seed + part, task)
  const exact = await rank('exact')
  const { active } = exact.prepared
  const values = (rows: (() => Float32Array)[]): Promise<number[]> => targetValues(bench, exact.prepared, exact.ids, rows, task)
  const bias = withoutLatents(active)
  const withError = bias.map((value, i) => value + (active.error[i] ?? 0))
  const start = settings.substitution === 'reconstruction' ? bias : withError
  const everything = new Uint8Array(active.latents.length).fill(1)
  const [own = 0, full = 0, errorAlone = 0, biasAlone = 0] = await values([
    () => exact.prepared.own.value,
    () => withLatents(active, start, everything),
    () => withError,
    () => bias
  ])
  const empty = settings.substitution === 'reconstruction' ? biasAlone : errorAlone
  const effects = scoresByLatent(exact.latents)
  const methods: FaithfulnessPart['methods'] = []
  for (const method of settings.methods) {
    const { latents } = method === 'exact' ? exact : await rank(method)
    const order = [...latents].sort((a, b) => b.score - a.score || a.latent - b.latent).map(({ latent }) => latent)
    const found = await curves(values, active, start, order, settings.shares, { full, empty })
    const scores = latents.map(({ score }) => score)
    methods.push({
      method,
      ...found,
      spearman: spearman(
        scores,
        latents.map(({ latent }) => effects.get(latent) ?? 0)
      )
    })
  }
  return { id: prompt.id, active: active.latents.length, own, full, empty, errorAlone, biasAlone, methods }
}

/** Both curves of one order; their ends are the values that are known already. */
async function curves(
  values: (rows: (() => Float32Array)[]) => Promise<number[]>,
  active: ActiveLatents,
  start: Float32Array,
  order: readonly number[],
  shares: readonly number[],
  { full, empty }: { full: number; empty: number }
): Promise<{ deletion: number[]; insertion: number[] }> {
  const place = new Map(Array.from(active.latents, (latent, u) => [latent, u]))
  const flags = (share: number, first: number): Uint8Array => {
    const kept = new Uint8Array(active.latents.length).fill(1 - first)
    for (const latent of order.slice(0, Math.round((share / 100) * order.length))) kept[place.get(latent) ?? 0] = first
    return kept
  }
  const inner = shares.filter((share) => share > 0 && share < 100)
  const rows = [0, 1].flatMap((first) => inner.map((share) => () => withLatents(active, start, flags(share, first))))
  const found = await values(rows)
  const [without, alone] = [found.slice(0, inner.length), found.slice(inner.length)]
  return { deletion: [full, ...without, empty], insertion: [empty, ...alone, full] }
}

export const faithfulness = experiment({
  info: {
    name: 'faithfulness',
    title: 'Deletion and insertion curves',
    question: 'How well does each method order the latents by what they really do?',
    procedure:
      'Latents are deleted from the prompt, or inserted into it, at every position in each method’s order, and the target is read: areas under the curves, rank correlation with the exact effect of each single latent, and what the error term alone gives.',
    needsAnswers: false,
    fields: [
      fields.METHODS_FIELD,
      {
        kind: 'numbers',
        key: 'shares',
        label: 'Latents in %',
        hint: 'Of all latents that are active in the prompt, at which the curves are taken; 0 and 100 are always among them.',
        min: 0,
        max: 100
      },
      fields.TOKEN_FIELD,
      {
        ...fields.TARGET_FIELD,
        hint: 'What is explained of the token, and read along the curves.',
        options: ['probability', 'logit', 'log-probability']
      },
      fields.SUBSTITUTION_FIELD,
      fields.SPECIAL_FIELD,
      fields.STEPS_FIELD,
      fields.RESAMPLES_FIELD,
      fields.SEED_FIELD
    ]
  },
  settings: Settings,
  part: Part,
  parts: (prompts) => prompts.length,
  runPart,
  result: faithfulnessResult
})
