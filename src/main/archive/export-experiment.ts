/** A saved experiment as files. */
import { fail } from '../../shared/errors'
import type { SavedExperiment } from '../../shared/records/experiment'
import { writeResult } from '../tables/experiment'

/** @throws EXPERIMENT_UNFINISHED, DISK_FULL, FILE_UNWRITABLE */
export function exportExperiment(
  { name, result, manifest }: SavedExperiment,
  path: string,
  format: 'csv' | 'json' | 'parquet'
): Promise<{ path: string; bytes: number }> {
  return writeResult(path, format, result ?? fail('EXPERIMENT_UNFINISHED', { name }), manifest)
}
