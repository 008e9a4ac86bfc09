/**
 * Why an SAE may describe a model badly, each as a way of reading it that would repair it (formats.md section 10). One entry, one cause;
 * a new cause is one more entry. They are tried in this order, the cheap ones first.
 */
import type { SaeReading } from '../../shared/records/model'
import type { Model } from '../models/types'
import type { Sae } from '../saes/types'

export interface Trial {
  /** The cause in words, as the start of a sentence. */
  readonly words: string
  /** What it adds to the reading. */
  readonly reading: SaeReading
}

/** What a cause looks at: the SAE as read so far, the model, and sqrt(d_in) over the mean norm of what it reads. */
export interface Circumstances {
  readonly model: Model
  readonly sae: Sae
  readonly hook: string
  readonly scale: number
  /** Other hook points of the layer and its neighbours as wide as the SAE. */
  readonly hooks: readonly string[]
}

export interface Cause {
  readonly name: string
  trials(circumstances: Circumstances): Trial[]
}

const GATES = { openmoss: 'OpenMOSS', saelens: 'SAELens', plain: 'plain' } as const

export const CAUSES: readonly Cause[] = [
  {
    name: 'hook point',
    trials: ({ hooks, sae }) =>
      sae.hookOut === null ? hooks.map((hook) => ({ words: `It was trained at ${hook}`, reading: { hook } })) : []
  },
  {
    name: 'centring',
    trials: ({ model, sae, hook }) =>
      model.architecture.lens(model.config, model.rawConfig).centre && !hook.endsWith('hook_z') && !hook.endsWith('hook_post')
        ? [
            {
              words: sae.centred
                ? 'It was trained on values that were not centred'
                : 'It was trained on values with their mean over d_model taken out',
              reading: { centred: !sae.centred }
            }
          ]
        : []
  },
  {
    name: 'decoder bias',
    trials: ({ sae }) => {
      if (sae.hookOut !== null || sae.inBias === 'in_bias') return []
      const subtract = sae.inBias === null
      const words = subtract ? 'b_dec is subtracted before the encoder' : 'b_dec is not subtracted before the encoder'
      return [{ words, reading: { subtractDecoderBias: subtract } }]
    }
  },
  {
    name: 'scale',
    trials: ({ sae, scale }) => {
      if (sae.norm !== 'none' || sae.hookOut !== null) return []
      const trials: Trial[] = [{ words: 'Activations were scaled to a mean norm of sqrt(d_in) in training', reading: { scale } }]
      return sae.inScale === 1 ? trials : [...trials, { words: 'Activations were not scaled in training', reading: { scale: 1 } }]
    }
  },
  {
    name: 'gate',
    trials: ({ sae }) =>
      sae.openQuestions.includes('gate')
        ? (['openmoss', 'saelens', 'plain'] as const).map((gate) => ({
            words: `The threshold is meant the ${GATES[gate]} way`,
            reading: { gate }
          }))
        : []
  },
  {
    name: 'orientation',
    trials: ({ sae }) =>
      sae.d_sae === sae.d_out ? [{ words: 'W_dec is stored the other way round', reading: { transposedDecoder: true } }] : []
  },
  {
    name: 'skip orientation',
    trials: ({ sae }) =>
      sae.weights.has('W_skip') && sae.d_in === sae.d_out
        ? [{ words: 'W_skip is stored the other way round', reading: { transposedSkip: true } }]
        : []
  },
  {
    name: 'BOS',
    trials: ({ sae }) => [
      {
        words: sae.prependBos ? 'It was trained on text without a BOS token' : 'It was trained on text that begins with a BOS token',
        reading: { prependBos: !sae.prependBos }
      }
    ]
  }
]
