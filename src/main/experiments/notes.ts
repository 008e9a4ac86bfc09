/** What a reader of any experiment must know, in words. */
import type { SetPrompt } from '../../shared/records/sets'
import type { RankingSettings } from './rank-prompt'

/** How many names are listed. */
const NAMED = 5

/** Prompts that could not be used, with the reasons; nothing where all could. `named` says which prompt a part is of. */
export function leftOutNote(
  prompts: readonly SetPrompt[],
  leftOut: readonly { readonly part: number; readonly reason: string }[],
  named: (part: number) => string = (part) => prompts[part]?.id ?? String(part)
): string[] {
  if (leftOut.length === 0) return []
  const list = leftOut.slice(0, NAMED).map(({ part, reason }) => `${named(part)}: ${reason}`)
  const more = leftOut.length > NAMED ? ` and ${leftOut.length - NAMED} more` : ''
  return [`${leftOut.length} could not be used (${list.join('; ')}${more}).`]
}

/** What is explained, and where that is not the paper's way. */
export function rankingNotes({ token, target, substitution, includeSpecial }: RankingSettings): string[] {
  const explained = token === 'answer' ? 'the first token of the expected answer' : 'the token that the model puts first'
  return [
    `Every method explains ${explained} after the last position of the prompt (${target === 'preset' ? 'the target that it is usually used with' : target}), in the model with ${substitution === 'reconstruction' ? 'the SAE’s reconstruction alone' : 'the SAE’s reconstruction and its error'} at the hook point. The paper’s code explains the opening bracket of the format it asks for (“[[ label ]]”), which these prompts do not have.`,
    ...(target === 'probability'
      ? [
          'Probability and log-probability of one token give the same order to methods that take one gradient: the gradients differ by the factor p alone. The logit does not.'
        ]
      : []),
    ...(includeSpecial ? [] : ['Special tokens do not count for scores; what is changed is changed at their positions, too.'])
  ]
}
