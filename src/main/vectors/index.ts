/** What other rooms use of vectors. */
export { meanDifference, type DirectionRequest } from './direction'
export { exportRecipe } from './export'
export { importRecipe, modelFolderOf } from './import'
export { summedVectors, type PlacedSae } from './sum'
export type { Content } from './types'
