/**
 * Explanations as OpenAI's neuron-explainer writes them: one line for each neuron or latent,
 * {"neuron_id": {"layer_index", "neuron_index"}, "scored_explanations": [{"explanation", "scored_simulation": {"ev_correlation_score"}}]},
 * with "dataclass_name" keys throughout. The score is the correlation between simulated and real activations.
 */
import { z } from 'zod'
import { LABEL_CHARACTERS, plainText } from '../labels/record'
import type { LabelFormat } from './types'

const Scored = z.object({
  explanation: z.string().max(LABEL_CHARACTERS),
  scored_simulation: z
    .object({ ev_correlation_score: z.number().nullish().catch(null) })
    .nullish()
    .catch(null)
})

const Line = z.object({
  neuron_id: z.object({ layer_index: z.number().int(), neuron_index: z.number().int().nonnegative() }),
  scored_explanations: z.array(Scored).max(64)
})

const FirstLine = z.looseObject({ neuron_id: z.looseObject({ neuron_index: z.number() }), scored_explanations: z.array(z.unknown()) })

export const neuronExplainer: LabelFormat = {
  format: 'neuron-explainer',
  title: 'neuron-explainer',
  // Each line carries whole simulations, token by token.
  lineBytes: 2 ** 24,
  folded: false,
  matches: (first) => FirstLine.safeParse(first).success,
  read(line) {
    const { neuron_id, scored_explanations } = Line.parse(line)
    const explained = scored_explanations.map(({ explanation, scored_simulation }) => ({
      id: neuron_id.neuron_index,
      label: plainText(explanation),
      label_from: 'simulated',
      score: scored_simulation?.ev_correlation_score ?? null
    }))
    return { claim: `layer ${neuron_id.layer_index}`, records: explained.filter(({ label }) => label !== '') }
  },
  belongs: () => null
}
