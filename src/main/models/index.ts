/** What other rooms use of models. */
export { chatIds, renderChat } from './chat'
export { appendKeyValues, emptyKeyValues, emptyPast, isCacheEntry, nextPast, pastPositions, type KeyValues } from './cache'
export { expOfNegative, largestOf, logSumExp } from './exponential'
export { canonicalHook, checkHook, checkReadable, hookOrder, isOffStream, layerOf, widthOf } from './hooks'
export { layersMemory, modelMemory, plainMemory } from './memory'
export { modelInfo, openModel } from './open'
export {
  bosOf,
  forwardResid,
  nextLogits,
  nextTokens,
  positionsFrom,
  promptIds,
  scoreOf,
  topTokens,
  type Scored
} from './run'
export { buildObserver, buildSegment, chosenLogits, logitsOf } from './segment'
export { createModelSessions, type ModelSessions } from './sessions'
