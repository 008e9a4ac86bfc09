/** What other rooms use of computing labels. */
export { discardUnfinished, listUnfinished } from './checkpoint'
export { computeLabels, type ComputeRequest } from './compute'
