/** The parts of a column's scores with what each is, as a list to show. */
import type { ColumnMeasures, ConceptScore } from '../../shared/records/scores'

export interface ScorePart {
  readonly name: string
  readonly value: number | null
  /** Formula and unit. */
  readonly hint: string
  /** A share of one, shown as percent. */
  readonly share: boolean
}

export interface ScoreGroup {
  readonly name: string
  /** 0 to 2; null where it was not measured. */
  readonly value: number | null
  readonly hint: string
  /** Why there is no value. */
  readonly missing: string
  readonly parts: readonly ScorePart[]
}

const part = (name: string, value: number | null, hint: string, share = false): ScorePart => ({ name, value, hint, share })

/** Only the signs there are, each beside the baseline's. */
function conceptParts(concept: ConceptScore): ScorePart[] {
  const {
    promoted,
    baselinePromoted = null,
    activation,
    baselineActivation,
    largestActivation = null,
    keywords,
    baselineKeywords = null
  } = concept
  const parts = [
    part('promoted tokens', promoted, 'Share of generated tokens among the tokens that the latent promotes most (logit lens).', true),
    part('in the baseline’s text', baselinePromoted, 'The same share of the baseline’s tokens.', true),
    part(
      'activation, read unsteered',
      activation,
      'Mean activation of the latent on the generated tokens when the unsteered model reads the text.'
    ),
    part('on the baseline’s text', baselineActivation, 'Mean activation of the latent on the baseline’s generated tokens.'),
    part(
      'largest of any latent there',
      largestActivation,
      'Mean over the baseline’s text of the largest activation of all latents, by which the latent’s is measured.'
    ),
    part('keywords per word', keywords, 'Matches of keywords and pattern, over the words of the text.'),
    part('in the baseline’s text', baselineKeywords, 'The same of the baseline’s text.')
  ]
  return parts.filter(({ value }) => value !== null)
}

/** Overall, concept, fluency and relatedness with their parts. */
export function scoreParts({ overall, concept, fluency, relatedness }: ColumnMeasures): ScoreGroup[] {
  return [
    {
      name: 'Overall',
      value: overall,
      hint: 'Harmonic mean of the scores that were measured: n / Σ 1/score; 0 if one of them is 0 (AxBench).',
      missing: '',
      parts: []
    },
    {
      name: 'Concept',
      value: concept?.value ?? null,
      hint: '2 × (1 − product over signs of (1 − sign)), sign = excess / (excess + half), excess = what the text has beyond the baseline’s text, from 0 on. half: 0.1 for promoted tokens, 0.05 for keywords, a tenth of the largest activation for the activation.',
      missing: 'Nothing says what the concept is: the recipe edits no latent of the SAE, and there are no keywords and no pattern.',
      parts: concept ? conceptParts(concept) : []
    },
    {
      name: 'Fluency',
      value: fluency.value,
      hint: '2 × min(1, perplexity of the baseline / perplexity) × (1 − repetition). The shares of distinct n-grams are shown beside it and do not count.',
      missing: '',
      parts: [
        part('perplexity', fluency.perplexity, 'exp of minus the mean log-probability of the text’s tokens under the unsteered model.'),
        part('the baseline’s perplexity', fluency.baselinePerplexity, 'The same of the baseline’s text.'),
        part('repetition', fluency.repetition, 'Share of generated 4-grams (of tokens) that occurred before in the text.', true),
        ...fluency.distinct.map((value, index) =>
          part(
            `distinct ${index + 1}-grams`,
            value,
            `Different ${index + 1}-grams of tokens over all ${index + 1}-grams of the text.`,
            true
          )
        )
      ]
    },
    {
      name: 'Relatedness',
      value: relatedness?.value ?? null,
      hint: '2 / (1 + exp(−4 × (log p given the prompt − log p given other prompts − 0.5))), in nats per token.',
      missing: 'No other prompts were chosen to compare with.',
      parts: relatedness
        ? [
            part(
              'log p given the prompt',
              relatedness.given,
              'Mean log-probability of the text’s tokens given the prompt, under the unsteered model, in nats.'
            ),
            part('log p given other prompts', relatedness.givenOthers, 'The same given each other prompt, on average.')
          ]
        : []
    }
  ]
}
