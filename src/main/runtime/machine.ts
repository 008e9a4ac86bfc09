/** What memory this machine has, and what of it a process can still get. */
import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import type { MemoryEstimate } from '../../shared/records/model'

export interface MachineMemory {
  /** Bytes this process and its children may hold at most: what is built in, or the limit that the system sets for a group of processes. */
  readonly total: number
  /** Bytes that could be had now, those that this process holds already included. */
  readonly available: number
  /**
   * What takes more can certainly not be had: what is available, with what the system can swap out. Where it does not count that, all of
   * the memory but a tenth for the system itself.
   */
  readonly most: number
}

/** Reads a file of the system; null where there is none. Tests give their own. */
export type ReadSystemFile = (path: string) => string | null

const readSystemFile: ReadSystemFile = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export interface Machine {
  readonly total: number
  readonly free: number
  /** Resident bytes of this process. */
  readonly held: number
  readonly read: ReadSystemFile
}

/**
 * Total and available memory, in bytes. Linux counts what programs can get in MemAvailable (the cache of files included, which `free`
 * leaves out); a container's limit (control groups 2) counts where it is lower. Elsewhere it is what the system calls free.
 */
export function machineMemory({ total, free, held, read }: Machine = thisMachine()): MachineMemory {
  const counts = read('/proc/meminfo') ?? ''
  const count = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(counts)?.[1] ?? NaN) * 1024
  const able = count('MemAvailable')
  const limit = groupLimit(read)
  const usable = Math.min(total, limit)
  const available = Math.min((Number.isNaN(able) ? free : able) + held, usable)
  const swappable = Math.min(able + held + (count('SwapFree') || 0), usable)
  return { total: usable, available, most: Number.isNaN(able) ? Math.min(0.9 * total, limit) : swappable }
}

function thisMachine(): Machine {
  return { total: totalmem(), free: freemem(), held: process.memoryUsage.rss(), read: readSystemFile }
}

/** The lowest memory.max of the process's control group and those above it; Infinity without one. */
function groupLimit(read: ReadSystemFile): number {
  const own = /^0::(\/[^\n]*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '/'
  const names = own.split('/').filter((name) => name !== '')
  const folders = Array.from({ length: names.length + 1 }, (_, depth) => ['/sys/fs/cgroup', ...names.slice(0, depth)].join('/'))
  return Math.min(...folders.map((folder) => Number(/^\d+$/.exec(read(`${folder}/memory.max`)?.trim() ?? '')?.[0] ?? Infinity)))
}

export type MemoryPart = MemoryEstimate['parts'][number]

/** Parts of nothing left out, their sum, and what the machine could give. */
export function estimateOf(parts: readonly MemoryPart[], machine: MachineMemory = machineMemory()): MemoryEstimate {
  const whole = parts.map(({ what, bytes }) => ({ what, bytes: Math.round(bytes) })).filter(({ bytes }) => bytes > 0)
  return { total: whole.reduce((sum, { bytes }) => sum + bytes, 0), available: machine.available, parts: whole }
}
