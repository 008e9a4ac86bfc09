/** Whether what is about to be loaded fits into the machine. What might fit is tried. */
import { fail } from '../../shared/errors'
import type { MachineMemory, MemoryPart } from '../runtime/machine'

/** The estimate is within 15 % of what is measured (`npm run bench -- --memory`): what is refused does not fit by more than that. */
const ERROR = 0.15

/**
 * `what` names what is loaded: "The model gpt2 with the SAE res-jb". Parts in bytes, the process's own included.
 * @throws MEMORY_TOO_SMALL
 */
export function checkFits(what: string, parts: readonly MemoryPart[], machine: MachineMemory): void {
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  if (needed * (1 - ERROR) > machine.most) fail('MEMORY_TOO_SMALL', { what, needed: size(needed), given: size(machine.most) })
}

/** 1234567890 -> "1.23 GB"; below one gigabyte "123 MB". */
function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${Number((bytes / 1e9).toPrecision(3))} GB`
}
