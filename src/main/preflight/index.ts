/** What other rooms use of preflights. */
export { runPreflight } from './run'
export { SAMPLE_TEXT } from './sample-text'
export type { PreflightParts } from './types'
