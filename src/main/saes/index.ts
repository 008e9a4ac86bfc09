/** What other rooms use of SAEs. */
export { createLens, latentDetail, type Lens } from './detail'
export {
  activationOf,
  createEncoder,
  decode,
  indexOfLatent,
  readDirections,
  type ActiveLatents,
  type Directions,
  type Encoder
} from './encoder'
export { fitOf, type Fit } from './fit'
export { openLabels, type Labels } from './labels'
export { openSae, saeInfo } from './open'
