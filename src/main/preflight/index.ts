/** What other rooms use of preflights. */
export { runPreflight, type PreflightParts } from './run'
export { SAMPLE_TEXT } from './sample-text'
