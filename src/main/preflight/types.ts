/** What a preflight is made from. */
import type { SaeReading } from '../../shared/records/model'
import type { ModelSessions } from '../models'
import type { OpenSession } from '../runtime/types'
import type { Sae } from '../saes/types'

export interface PreflightParts {
  readonly openSession: OpenSession
  readonly sessions: ModelSessions
  /** Opens the SAE as a reading has it. */
  openSae(reading: SaeReading): Promise<Sae>
  readonly reading: SaeReading
  /** The hook point asked for; null takes the SAE's own. */
  readonly hook: string | null
  readonly text: string
  /** Where the text is from, in words. */
  readonly textSource: string
  readonly versions: Readonly<Record<string, string>>
}
