/** The list of experiments, in the order of menus. A new one is one file, one line here, and its name in `ExperimentName` (shared/records/experiment.ts). */
import { assert } from '../../shared/errors'
import type { ExperimentName } from '../../shared/records/experiment'
import { agreement } from './agreement'
import { faithfulness } from './faithfulness'
import { masking } from './masking'
import { steerability } from './steerability'
import { sweep } from './sweep'
import { transplant } from './transplant'
import type { Experiment } from './types'

export const EXPERIMENTS: readonly Experiment[] = [masking, transplant, faithfulness, agreement, sweep, steerability]

export function experimentOf(name: ExperimentName): Experiment {
  const experiment = EXPERIMENTS.find(({ info }) => info.name === name)
  assert(experiment, `the experiment ${name} is listed`)
  return experiment
}
