/**
 * Do all active latents matter equally, and does GradSAE find those that do? Hypothesis 1 of Shu et al. 2025 (arXiv 2505.08080, section 4;
 * github.com/Tizzzzy/sae_gradient, experiment1): the K latents with the largest, or the smallest, scores are zeroed at every position of
 * the prompt and of what is generated, with the SAE spliced in, and the answer is scored.
 *
 * One part is one prompt: its answer unchanged, the rankings, and all masked answers as rows of one batch.
 */
import { fail } from '../../shared/errors'
import { promptIds, scoreOf } from '../models'
import { answersUnder, zeroed } from './answers'
import { passes, scored, sizesOf } from './changes'
import * as fields from './fields'
import { maskingResult } from './masking-result'
import { Part, Settings, type Masked, type Masking, type MaskingPart, type MaskingSettings } from './masking-shape'
import { activeAtEnd, rankPrompt } from './rank-prompt'
import { endsOf } from './sets-of-latents'
import { experiment, type ExperimentContext } from './types'
import type { Task } from '../../shared/task'

async function runPart(context: ExperimentContext<MaskingSettings>, part: number, task: Task): Promise<MaskingPart> {
  const { bench, prompts, settings } = context
  const prompt = prompts[part]
  if (!prompt?.answer) return fail('ANSWER_MISSING')
  const expected = prompt.answer
  const ids = promptIds(bench.sessions.model, prompt.prompt)
  const answering = { maxTokens: settings.maxTokens, keepError: settings.substitution === 'reconstruction+error' }
  const [text = ''] = await answersUnder(bench, ids, [[]], answering, task)
  const before = scored(text, expected)
  const about = { id: prompt.id, tokens: ids.length, before }
  if (!passes(before, settings.filter)) return { ...about, masked: null }

  const ranked: (Omit<Masking['methods'][number], 'top' | 'bottom'> & ReturnType<typeof endsOf>)[] = []
  let [active, probability] = [0, 0]
  for (const method of settings.methods) {
    const found = await rankPrompt(bench, prompt, method, settings, settings.seed + part, task)
    active = activeAtEnd(found)
    probability = probabilityOf(found)
    const largest = Math.max(1, ...sizesOf(settings, active))
    ranked.push({ method, positive: found.latents.filter(({ score }) => score > 0).length, ...endsOf(found.latents, largest) })
  }
  const sizes = sizesOf(settings, active)
  const changes = ranked.flatMap(({ top, bottom }) => [top, bottom].flatMap((end) => sizes.map((size) => zeroed(end.slice(0, size)))))
  const answers = (await answersUnder(bench, ids, changes, answering, task)).map((answer) => scored(answer, expected))
  const masked = (latents: readonly number[], first: number): Masked => {
    const own = answers.slice(first, first + sizes.length)
    return { latents: [...latents], em: own.map(({ em }) => em), f1: own.map(({ f1 }) => f1) }
  }
  const methods = ranked.map(({ method, positive, top, bottom }, at) => ({
    method,
    positive,
    top: masked(top, 2 * at * sizes.length),
    bottom: masked(bottom, (2 * at + 1) * sizes.length)
  }))
  return { ...about, masked: { active, probability, methods } }
}

/** Probability of the explained token, from its row of logits. */
function probabilityOf({ logits, ids }: Awaited<ReturnType<typeof rankPrompt>>): number {
  return scoreOf(logits[0] ?? new Float32Array(), ids[0] ?? -1).probability
}

export const masking = experiment({
  info: {
    name: 'masking',
    title: 'Masking the top and bottom latents',
    question: 'Do all active latents matter equally, and does GradSAE find those that do?',
    procedure:
      'The K latents with the largest scores, and the K with the smallest above 0, are zeroed at every position of prompt and answer, with the SAE spliced in; the greedy answer is scored by SQuAD’s exact match and F1. Hypothesis 1 of Shu et al. 2025 (arXiv 2505.08080), with further methods and intervals.',
    needsAnswers: true,
    fields: [
      fields.METHODS_FIELD,
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
  parts: (prompts) => prompts.length,
  runPart,
  result: maskingResult
})
