/**
 * Do rankings agree, and on what does it depend? Of one prompt, two rankings are compared by the overlap (Jaccard) of their first k, by
 * rank-biased overlap (p = 0.9) and by Spearman's correlation of scores:
 *
 *   methods      every pair, with one target
 *   targets      one method with each target of one token
 *   layers       other SAEs beside this one. Latents of two layers are not the same things, so the importance of token positions is
 *                compared: the sum of a position's scores
 *   precisions   one method with hook values and gradients rounded to bfloat16 and float16, as they are in models of these formats
 *   devices      one method on each device of this machine
 *
 * One part is one prompt.
 */
import { fail } from '../../shared/errors'
import type { LatentEntries, MethodName } from '../../shared/records/ranking'
import type { SetPrompt } from '../../shared/records/sets'
import type { Task } from '../../shared/task'
import type { Attributed, Bench } from '../attribution'
import type { ActiveLatents } from '../saes'
import { spearman } from '../statistics/correlation'
import { jaccardTop, rankBiasedOverlap } from '../statistics/rank-overlap'
import { agreementResult } from './agreement-result'
import { Axis, DEPTHS, Part, Settings, type AgreementPart, type AgreementSettings, type Comparison } from './agreement-shape'
import * as fields from './fields'
import { FORMAT_NAMES, roundedBench } from './precision'
import { rankPrompt, scoresByLatent } from './rank-prompt'
import { experiment, type ExperimentContext } from './types'

type Context = ExperimentContext<AgreementSettings>

/** Things by their scores: latents, or positions. */
export type Scores = ReadonlyMap<number, number>

interface Ranked {
  readonly name: string
  readonly scores: Scores
}

const TARGETS = ['probability', 'logit', 'log-probability'] as const

/** How well two rankings of the same kind of things agree. What only one of them has counts as 0 for the correlation. */
export function compared(axis: Axis, a: Ranked, b: Ranked, top: number): Comparison {
  const [first, second] = [orderOf(a.scores), orderOf(b.scores)]
  const all = [...new Set([...first, ...second])]
  return {
    axis,
    a: a.name,
    b: b.name,
    jaccard: jaccardTop(first, second, top),
    rbo: rankBiasedOverlap(first, second),
    spearman: spearman(
      all.map((one) => a.scores.get(one) ?? 0),
      all.map((one) => b.scores.get(one) ?? 0)
    ),
    depths: DEPTHS.map((depth) => jaccardTop(first, second, depth))
  }
}

function orderOf(scores: Scores): number[] {
  return [...scores].sort(([a, x], [b, y]) => y - x || a - b).map(([one]) => one)
}

/** What is needed of an attribution to see where it lies. */
interface Positioned {
  readonly prepared: { readonly active: Pick<ActiveLatents, 'positions'> }
  readonly scores: { readonly entries: Pick<LatentEntries, 'position' | 'score'> }
}

/** The sum of the scores at each position: how much of the explanation lies there. */
export function positionScores({ scores, prepared }: Positioned): Scores {
  const sums = new Map(Array.from({ length: prepared.active.positions }, (_, position) => [position, 0]))
  const { position, score } = scores.entries
  position.forEach((at, entry) => sums.set(at, (sums.get(at) ?? 0) + (score[entry] ?? 0)))
  return sums
}

async function runPart(context: Context, part: number, task: Task): Promise<AgreementPart> {
  const { bench, prompts, settings } = context
  const prompt = prompts[part] ?? fail('PROMPT_EMPTY')
  const rank = (method: MethodName, on: Bench = bench, changed: Partial<AgreementSettings> = {}): Promise<Attributed> =>
    rankPrompt(on, prompt, method, { ...settings, ...changed }, settings.seed + part, task)
  const subject = await rank(settings.subject)
  const own: Ranked = { name: settings.subject, scores: scoresByLatent(subject.latents) }
  const found: { comparisons: Comparison[]; notes: string[] } = { comparisons: [], notes: [] }
  const add = (axis: Axis, a: Ranked, b: Ranked): number => found.comparisons.push(compared(axis, a, b, settings.top))
  for (const axis of settings.axes) {
    if (axis === 'methods') {
      const all: Ranked[] = []
      for (const method of settings.methods) {
        const scores = method === settings.subject ? own.scores : scoresByLatent((await rank(method)).latents)
        for (const before of all) add(axis, before, { name: method, scores })
        all.push({ name: method, scores })
      }
    } else if (axis === 'targets') {
      const all: Ranked[] = []
      for (const target of TARGETS) {
        const ranked = { name: target, scores: scoresByLatent((await rank(settings.subject, bench, { target })).latents) }
        for (const before of all) add(axis, before, ranked)
        all.push(ranked)
      }
    } else if (axis === 'layers') await acrossLayers(context, prompt, subject, task, found, part)
    else if (axis === 'precisions') {
      for (const format of FORMAT_NAMES) {
        const rounded = await rank(settings.subject, roundedBench(bench, format))
        add(axis, { ...own, name: 'float32' }, { name: format, scores: scoresByLatent(rounded.latents) })
      }
    } else await acrossDevices(context, own, found, (on) => rank(settings.subject, on))
  }
  return { id: prompt.id, active: subject.latents.length, ...found }
}

/** The importance of positions at this SAE's hook point against that at those of the SAEs beside it. */
async function acrossLayers(
  { bench, places, settings }: Context,
  prompt: SetPrompt,
  subject: Attributed,
  task: Task,
  found: { comparisons: Comparison[]; notes: string[] },
  part: number
): Promise<void> {
  const own: Ranked = { name: bench.hook, scores: positionScores(subject) }
  const others = await places.otherSaes()
  if (others.length === 0) found.notes.push('There is no SAE of another layer of this model beside this one, so layers were not compared.')
  for (const { name, use } of others) {
    const ranked = await use((on) => rankPrompt(on, prompt, settings.subject, settings, settings.seed + part, task))
    found.comparisons.push(compared('layers', own, { name, scores: positionScores(ranked) }, settings.top))
  }
}

async function acrossDevices(
  { bench, places, settings }: Context,
  own: Ranked,
  found: { comparisons: Comparison[]; notes: string[] },
  rank: (on: Bench) => Promise<Attributed>
): Promise<void> {
  const here = bench.encoder.device.used
  if (places.otherDevices.length === 0) found.notes.push(`This machine has no other device than ${here}, so devices were not compared.`)
  for (const device of places.otherDevices) {
    const { used, scores } = await places.onDevice(device, async (on) => {
      const { latents } = await rank(on)
      return { used: on.encoder.device.used, scores: scoresByLatent(latents) }
    })
    if (used === here) found.notes.push(`The device ${device} did not work here.`)
    else found.comparisons.push(compared('devices', { ...own, name: here }, { name: device, scores }, settings.top))
  }
}

export const agreement = experiment({
  info: {
    name: 'agreement',
    title: 'Agreement of rankings',
    question: 'Do rankings agree between methods, targets, layers, precisions and devices?',
    procedure:
      'Two rankings of a prompt are compared by the overlap of their first latents, by rank-biased overlap (p = 0.9) and by rank correlation. Between layers, whose latents are different things, the importance of token positions is compared.',
    needsAnswers: false,
    fields: [
      {
        kind: 'choices',
        key: 'axes',
        label: 'Compare',
        hint: 'What rankings are compared across. Layers: SAEs in the same folder. Precisions: hook values and gradients rounded, weights as they are.',
        options: [...Axis.options]
      },
      fields.METHODS_FIELD,
      {
        kind: 'choice',
        key: 'subject',
        label: 'Method otherwise',
        hint: 'Whose rankings are compared across everything but methods.',
        options: ['gradsae', 'attribution', 'integrated-gradients']
      },
      { kind: 'number', key: 'top', label: 'First latents', hint: 'How many are compared by overlap.', min: 1, max: 1000, integer: true },
      fields.TOKEN_FIELD,
      fields.TARGET_FIELD,
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
  result: agreementResult
})
