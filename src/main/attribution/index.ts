/** What other rooms use of attribution. */
export { promptActivations } from './activations'
export { hookValues, openBench, suffixLogits, targetId, type Bench } from './bench'
export { rankLatents } from './rank'
export { verifyLatents, type Estimate } from './verify'
export type { AttributionRequest } from './prepare'
