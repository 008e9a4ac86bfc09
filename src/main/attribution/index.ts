/** What other rooms use of attribution. */
export { promptActivations } from './activations'
export { hookValues, openBench, suffixLogits, suffixLogitsAt, targetId, type Bench, type Cut, type HookValues } from './bench'
export { rankLatents } from './rank'
export { verifyLatents, type Estimate } from './verify'
export type { AttributionRequest } from './prepare'
export { logit } from './targets/logit'
export { checkPreflight } from './preflight'
