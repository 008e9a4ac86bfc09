/** What other rooms use of vectors. */
export { meanDifference, type DirectionRequest } from './direction'
export { exportRecipe } from './export'
export { importRecipe } from './import'
export { summedVectors, type PlacedSae } from './sum'
export type { Content } from './types'
