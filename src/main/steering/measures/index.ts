/** What other rooms use of measures. */
export { EXAMPLES, FEWEST_EXAMPLES, inputScore, strongestExamples, type Example } from './input-score'
export { checkConcept, measureText, measureTexts, type TextToMeasure } from './measure'
export { OUTPUT_SCORE, outputScores, type OutputScore } from './output-score'
export { conceptValue, netConcept } from './concept'
export { harmonicMean, scoreFormula } from './overall'
export { PARTS } from './parts'
export { promotedTokens, seesTokens } from './promoted'
export { matcherOf } from './words'
