/**
 * Local steering: hypothesis 2 of Shu et al. 2025 (arXiv 2505.08080, section 4; methods.md 1.4). The latents at the top (or bottom) of a
 * question's ranking are zeroed, and those of another question on the same text are written in; it succeeds where the answer becomes that
 * of the other question. Three ways:
 *
 *   published   at every position of prompt and answer; a latent is written in with the mean of its activations over the positions of the
 *               other prompt at which it is active. (The paper says "their values" and not which; positions of two prompts do not match.)
 *   code        as github.com/Tizzzzy/sae_gradient, experiment2: at the last position of the prompt and each newest one; what is written
 *               is the latent's score, between 0 and 50, not an activation.
 *   source      at the same positions, the activation that the latent has at the last position of the other prompt.
 *
 * A latent of both sets is written in, not zeroed. One part is one text: its questions, their rankings, and all transplants between them.
 */
import { fail } from '../../shared/errors'
import type { MethodName, RankedLatent } from '../../shared/records/ranking'
import type { Intervention } from '../../shared/records/steering'
import type { SetPrompt } from '../../shared/records/sets'
import type { Task } from '../../shared/task'
import { promptIds } from '../models'
import type { ActiveLatents } from '../saes'
import { answersUnder, type AnswerSettings } from './answers'
import { passes, scored, sizesOf, type Answered } from './changes'
import * as fields from './fields'
import { groupsOf, partnersOf } from './groups'
import { activeAtEnd, rankPrompt } from './rank-prompt'
import { endsOf, type Ends } from './sets-of-latents'
import { Part, Settings, Variant, type Moved, type Pair, type TransplantPart, type TransplantSettings } from './transplant-shape'
import { transplantResult } from './transplant-result'
import { experiment, type ExperimentContext } from './types'

/** The largest score that the code writes. */
const CLAMP = 50

type Context = ExperimentContext<TransplantSettings>

/** A latent that is written in, with its value in each way. */
type Source = { readonly latent: number } & Readonly<Record<Variant, number>>

/** A question that was answered right, with its rankings. */
interface Question {
  readonly place: number
  readonly prompt: SetPrompt
  readonly ids: readonly number[]
  readonly answer: string
  readonly before: string
  readonly active: number
  readonly ranked: readonly { readonly method: MethodName; readonly ends: Ends; readonly sources: ReadonlyMap<number, Source> }[]
}

async function runPart(context: Context, part: number, task: Task): Promise<TransplantPart> {
  const { prompts, settings } = context
  const group = groupsOf(prompts)[part] ?? fail('PROMPT_EMPTY')
  const answering = { maxTokens: settings.maxTokens, keepError: settings.substitution === 'reconstruction+error' }
  const questions: Question[] = []
  for (const place of group.places) {
    const question = await ask(context, place, answering, task)
    if (question) questions.push(question)
  }
  const right = new Map(questions.map((question) => [question.place, question]))
  const pairs: Pair[] = []
  for (const { place, other } of partnersOf(prompts, [...right.keys()])) {
    const [own, source] = [right.get(place), right.get(other)]
    if (own && source) pairs.push(await transplanted(context, own, source, answering, task))
  }
  const active = questions.reduce((sum, question) => sum + question.active, 0) / Math.max(1, questions.length)
  return { group: group.name, asked: group.places.length, right: questions.length, active, pairs }
}

/** A question's unchanged answer and its rankings; null where it is not part of the sample. */
async function ask({ bench, prompts, settings }: Context, place: number, answering: AnswerSettings, task: Task): Promise<Question | null> {
  const prompt = prompts[place]
  if (!prompt?.answer) return null
  const ids = promptIds(bench.sessions.model, prompt.prompt)
  const [before = ''] = await answersUnder(bench, ids, [[]], answering, task)
  if (!passes(scored(before, prompt.answer), settings.filter)) return null
  const ranked: Question['ranked'][number][] = []
  let active = 0
  for (const method of settings.methods) {
    const found = await rankPrompt(bench, prompt, method, settings, settings.seed + place, task)
    active = activeAtEnd(found)
    const ends = endsOf(found.latents, Math.max(1, ...sizesOf(settings, active)))
    ranked.push({ method, ends, sources: sourcesOf(found, [...ends.top, ...ends.bottom]) })
  }
  return { place, prompt, ids, answer: prompt.answer, before, active, ranked }
}

/** What is needed of a prompt's attribution to take latents from it. */
interface Origin {
  readonly prepared: { readonly active: Pick<ActiveLatents, 'latents' | 'Z' | 'positions'> }
  readonly latents: readonly Pick<RankedLatent, 'latent' | 'score'>[]
}

/** The values with which latents of this prompt are written into another. */
export function sourcesOf({ prepared, latents: ranked }: Origin, chosen: readonly number[]): Map<number, Source> {
  const { latents, Z, positions } = prepared.active
  const scores = new Map(ranked.map(({ latent, score }) => [latent, score]))
  const place = new Map(Array.from(latents, (latent, u) => [latent, u]))
  return new Map(
    chosen.map((latent) => {
      const u = place.get(latent) ?? -1
      const all = Array.from({ length: positions }, (_, position) => Z[position * latents.length + u] ?? 0)
      const firing = all.filter((z) => z > 0)
      const mean = firing.reduce((sum, z) => sum + z, 0) / Math.max(1, firing.length)
      const score = Math.min(CLAMP, Math.max(0, scores.get(latent) ?? 0))
      return [latent, { latent, published: mean, code: score, source: all.at(-1) ?? 0 }]
    })
  )
}

/** Zeroes `removed`, then writes `written` in: an edit of the same latent wins that comes later. */
export function transplantOf(removed: readonly number[], written: readonly Source[], variant: Variant): Intervention[] {
  const positions = variant === 'published' ? 'all' : 'last'
  const zero = [...removed].sort((a, b) => a - b).map((latent): Intervention => ({ latent, mode: 'ablate', coefficient: 0, positions }))
  const set = [...written].sort((a, b) => a.latent - b.latent)
  return [...zero, ...set.map((source): Intervention => ({ latent: source.latent, mode: 'set', coefficient: source[variant], positions }))]
}

async function transplanted(context: Context, own: Question, other: Question, answering: AnswerSettings, task: Task): Promise<Pair> {
  const { bench, settings } = context
  const cases = own.ranked.flatMap(({ method, ends }, at) =>
    settings.variants.map((variant) => ({ method, variant, ends, from: other.ranked[at] }))
  )
  const [sizes, sourceSizes] = [sizesOf(settings, own.active), sizesOf(settings, other.active)]
  const changes = cases.flatMap(({ variant, ends, from }) =>
    (['top', 'bottom'] as const).flatMap((end) =>
      sizes.map((size, column) => {
        const written = (from?.ends[end] ?? []).slice(0, sourceSizes[column]).flatMap((latent) => from?.sources.get(latent) ?? [])
        return transplantOf(ends[end].slice(0, size), written, variant)
      })
    )
  )
  const answers = await answersUnder(bench, own.ids, changes, answering, task)
  const moved = (first: number): Moved => {
    const texts = answers.slice(first, first + sizes.length)
    const toOther = texts.map((text) => scored(text, other.answer))
    return { em: toOther.map(({ em }) => em), f1: toOther.map(({ f1 }) => f1), kept: texts.map((text) => scored(text, own.answer).em) }
  }
  const score = (expected: string): Answered => scored(own.before, expected)
  return {
    id: own.prompt.id,
    other: other.prompt.id,
    own: score(own.answer),
    toOther: score(other.answer),
    changed: cases.map(({ method, variant }, at) => ({
      method,
      variant,
      top: moved(2 * at * sizes.length),
      bottom: moved((2 * at + 1) * sizes.length)
    }))
  }
}

export const transplant = experiment({
  info: {
    name: 'transplant',
    title: 'Transplanting latents from another question',
    question: 'Do the latents of another question on the same text turn the answer into that question’s?',
    procedure:
      'The latents at the top of a question’s ranking are zeroed and those of another question on the same text written in: as the paper describes it, as its code does it (last position, scores as values), and with the activations at the other question’s last position. Hypothesis 2 (“local steering”) of Shu et al. 2025 (arXiv 2505.08080).',
    needsAnswers: true,
    fields: [
      fields.METHODS_FIELD,
      {
        kind: 'choices',
        key: 'variants',
        label: 'Ways of transplanting',
        hint: 'published: at all positions, mean activations. code: at the last position, scores between 0 and 50. source: at the last position, the activations there.',
        options: [...Variant.options]
      },
      fields.COUNTS_FIELD,
      fields.SHARES_FIELD,
      fields.TOKEN_FIELD,
      fields.TARGET_FIELD,
      fields.SUBSTITUTION_FIELD,
      fields.FILTER_FIELD,
      fields.TOKENS_FIELD,
      fields.SPECIAL_FIELD,
      fields.STEPS_FIELD,
      fields.RESAMPLES_FIELD,
      fields.SEED_FIELD
    ]
  },
  settings: Settings,
  part: Part,
  parts: (prompts) => groupsOf(prompts).length,
  runPart,
  result: transplantResult
})
