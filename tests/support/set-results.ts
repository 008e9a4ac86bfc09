/** Made-up results of a set, for tests of what is done with results. */
import type { SetPrompt, SetResult } from '../../src/shared/records/sets'
import { randomFrom } from './random-numbers'

export function promptsNamed(count: number): SetPrompt[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `p${index}`,
    prompt: index % 3 === 0 ? { ids: [index, 1] } : { text: `prompt "${index}", = 1` },
    answer: index % 2 ? 'a' : null,
    target: null,
    counterfactual: null,
    group: null,
    paraphrase: null
  }))
}

/** A result for every prompt: most with some latents, some with none, some failed. */
export function randomResults(seed: number, prompts: readonly SetPrompt[]): SetResult[] {
  const random = randomFrom(seed)
  return prompts.map(({ id }, index): SetResult => {
    const failed = index % 11 === 5
    const latents = failed || index % 7 === 3 ? 0 : 1 + random.below(30)
    const numbers = (): Float32Array<ArrayBuffer> => Float32Array.from({ length: latents }, () => random.between(-2, 5))
    const hex = index % 5 === 0 ? { hex: 'e2 80' } : {}
    return {
      index,
      id,
      tokens: failed ? 0 : 1 + random.below(40),
      target: failed ? null : { id: random.below(5000), text: index % 5 === 0 ? '' : ' "=x"\n', ...hex, special: index % 9 === 0 },
      value: failed ? 0 : random.between(-30, 1),
      probability: failed ? 0 : random.between(0, 1),
      fvu: failed ? 0 : random.between(0, 1),
      latent: Int32Array.from(random.shuffled(Array.from({ length: 60 }, (_, latent) => latent)).slice(0, latents)),
      score: numbers(),
      maxActivation: numbers(),
      meanActivation: numbers(),
      error: failed ? { code: 'PROMPT_EMPTY', message: 'The prompt is empty.' } : null
    }
  })
}
