/** A comparison that uses everything a record may hold: a chat, several SAEs, a direction, conditions, watched tokens, scores with parts. */
import type { ColumnMeasures } from '../../src/shared/records/scores'
import type { Comparison, Recipe } from '../../src/shared/records/steering'
import { sampleComparison } from './records'

export const OTHER_SAE = 'sha256:cccc'

export const richRecipe: Recipe = {
  id: 'rich',
  name: 'everything <at once>',
  interventions: [
    { latent: 100, mode: 'add', coefficient: 1.5, unit: 'max', unitValue: 12.25, positions: 'last' },
    {
      latent: 7,
      sae: OTHER_SAE,
      mode: 'clamp',
      coefficient: 2,
      upper: 8,
      positions: 'range',
      range: [3, 7],
      condition: { kind: 'activation', sae: OTHER_SAE, latent: 9, is: 'above', bound: 0.5 }
    },
    {
      latent: 0,
      direction: 'd1',
      mode: 'project',
      coefficient: 0,
      positions: 'generated',
      condition: { kind: 'probability', token: { id: 23, text: ' sad', special: false }, is: 'below', bound: 0.05 }
    }
  ],
  keepError: false,
  saes: [{ name: 'layer 1', path: '/models/one', hash: OTHER_SAE, hook: 'blocks.1.hook_resid_post', reading: {} }],
  // float32 1, 0, -2, little-endian
  directions: [
    { id: 'd1', name: 'joy − sorrow', hook: 'blocks.2.hook_resid_post', vector: 'AACAPwAAAAAAAADA', origin: 'mean of 2 prompts minus 3' }
  ],
  editSpecial: false,
  freezeAttention: true
}

export const richMeasures: ColumnMeasures = {
  concept: {
    promoted: 0.5,
    baselinePromoted: 0.125,
    activation: 1.75,
    baselineActivation: 0.25,
    largestActivation: 4,
    keywords: null,
    baselineKeywords: null,
    value: 1.25
  },
  fluency: { perplexity: 3, baselinePerplexity: 2.01, repetition: 0.0625, distinct: [0.875, 0.95, 1], value: 1.2 },
  relatedness: { given: -1.5, givenOthers: -2.25, value: 1.46 },
  overall: 1.3,
  rose: [
    { latent: 100, before: 0.1, after: 9 },
    { latent: 55, before: 0, after: 1.5 }
  ],
  fell: [{ latent: 101, before: 3, after: 0.5 }]
}

/** Baseline and one recipe; five tokens of prompt, six generated. */
export function richComparison(): Comparison {
  const plain = sampleComparison()
  const [baseline, steered] = plain.columns
  if (!baseline || !steered) throw new Error('the sample has two columns')
  const withMore = (column: typeof baseline, size: number): typeof baseline => ({
    ...column,
    tokens: column.tokens.map((token, at) => ({
      ...token,
      id: token.text === ' weeping' ? 99 : token.id,
      watched: [0.01 * (at + 1), 1e-17],
      editSize: size
    })),
    promptEditSizes: plain.promptTokens.map(() => size / 2)
  })
  return {
    ...plain,
    prompt: {
      chat: [
        { role: 'system', content: 'You write <sad> stories.' },
        { role: 'user', content: 'Once upon a time' }
      ]
    },
    settings: { ...plain.settings, temperature: 0.7, topK: 40, topP: 0.9, seed: 17 },
    watched: [
      { id: 30, text: ' joy', special: false },
      { id: 31, text: '', hex: 'e2 80', special: false }
    ],
    concept: {
      latent: { latent: 100 },
      promoted: 20,
      keywords: ['tears', 'weep'],
      pattern: 'cr(y|ied)',
      otherPrompts: [{ text: 'The stock market' }]
    },
    formula: ['overall = harmonic mean of the parts there are', 'fluency = 2 × …'],
    labels: [
      { latent: 100, label: 'sadness words' },
      { latent: 101, label: 'happy endings' },
      { latent: 7, sae: OTHER_SAE, label: 'names' }
    ],
    columns: [
      { ...withMore(baseline, 0), measures: { ...richMeasures, overall: 0, rose: [], fell: [] } },
      { ...withMore({ ...steered, recipe: richRecipe }, 0.25), measures: richMeasures }
    ],
    provenance: {
      ...plain.provenance,
      others: [{ name: 'layer 1', path: '/models/one', hash: OTHER_SAE, hook: 'blocks.1.hook_resid_post', notes: [], reading: {} }]
    }
  }
}
