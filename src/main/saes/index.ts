/** What other rooms use of SAEs. */
export { createLens, latentDetail, writesToStream, type Lens } from './detail'
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
export { importLabels, type ImportRequest } from './labels/import'
export { openLabels, type Labels } from './labels/open'
export { listSources, removeSource, storeFolder, type SourceInfo } from './labels/store'
export { decoderNorms } from './read'
export { applyReading } from './reading'
export { formatsOf, mayBeSae, openSae, placeOf, saeInfo } from './open'
