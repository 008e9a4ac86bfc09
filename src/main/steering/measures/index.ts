/** What other rooms use of measures. */
export { checkConcept, measureText, measureTexts, type TextToMeasure } from './measure'
export { harmonicMean, scoreFormula } from './overall'
export { PARTS } from './parts'
export { promotedTokens, seesTokens } from './promoted'
export { matcherOf } from './words'
