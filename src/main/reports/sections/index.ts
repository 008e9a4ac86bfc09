/** The sections of a report, in its order. */
import type { ReportSection } from '../report'
import { comparison } from './comparison'
import { exactCheck } from './exact-check'
import { experiment } from './experiment'
import { methods } from './methods'
import { provenance } from './provenance'
import { ranking } from './ranking'
import { setRun } from './set-run'
import { sideBySide } from './side-by-side'
import { title } from './title'

export const SECTIONS: readonly ReportSection[] = [
  title,
  ranking,
  exactCheck,
  sideBySide,
  setRun,
  experiment,
  comparison,
  methods,
  provenance
]
