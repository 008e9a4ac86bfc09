/** What was found of a text, for tests of the parts of a score. */
import type { Found } from '../../src/main/steering/measures/types'

/** A text of three tokens about nothing, but for what is given. */
export function foundIn(given: Partial<Found>): Found {
  return {
    generatedIds: [1, 2, 3],
    text: 'a b c',
    logprobs: [-1, -1, -1],
    baseline: { generatedIds: [1, 2, 3], text: 'a b c', logprobs: [-1, -1, -1] },
    concept: { promoted: null, activation: null, matches: null },
    givenOthers: [],
    ...given
  }
}
