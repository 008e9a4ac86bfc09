import { delphi } from './delphi'
import { latents } from './latents'
import { neuronExplainer } from './neuron-explainer'
import { neuronpedia } from './neuronpedia'
import type { LabelFormat } from './types'

/** Every layout of labels, in the order in which they are tried. */
export const LABEL_FORMATS: readonly LabelFormat[] = [neuronpedia, delphi, neuronExplainer, latents]
