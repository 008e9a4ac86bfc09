import { describe, expect, it } from 'vitest'
import { estimateOf, machineMemory } from '../../../src/main/runtime/machine'

const GB = 1e9
const MEMINFO = 'MemTotal:       16000000 kB\nMemAvailable:    4000000 kB\nSwapFree:        1000000 kB\n'

const machineWith = (files: Readonly<Record<string, string>>): ReturnType<typeof machineMemory> =>
  machineMemory({ total: 16 * GB, free: 1 * GB, held: 0.5 * GB, read: (path) => files[path] ?? null })

describe('the memory of a machine', () => {
  it('counts on Linux what programs can get, what this process holds already, and for what is certainly too much also the swap', () => {
    const { total, available, most } = machineWith({ '/proc/meminfo': MEMINFO })
    expect(total).toBe(16 * GB)
    expect(available).toBe(4_000_000 * 1024 + 0.5 * GB)
    expect(most).toBe(5_000_000 * 1024 + 0.5 * GB)
  })

  it('is elsewhere what the system calls free, and all but a tenth before anything is refused', () => {
    expect(machineWith({})).toEqual({ total: 16 * GB, available: 1.5 * GB, most: 0.9 * 16 * GB })
  })

  it('is never more than the lowest limit of the control groups around this process', () => {
    const { total, available, most } = machineWith({
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '0::/user/app\n',
      '/sys/fs/cgroup/user/memory.max': '2000000000\n',
      '/sys/fs/cgroup/user/app/memory.max': 'max\n'
    })
    expect([total, available, most]).toEqual([2 * GB, 2 * GB, 2 * GB])
  })

  it('reads this machine: something is available, and no more than there is', () => {
    const { total, available, most } = machineMemory()
    expect(available).toBeGreaterThan(0)
    expect(available).toBeLessThanOrEqual(total)
    expect(most).toBeLessThanOrEqual(total)
  })
})

it('an estimate is the sum of its parts, without those that are nothing', () => {
  const parts = [
    { what: 'weights', bytes: 100.4 },
    { what: 'nothing', bytes: 0 },
    { what: 'activations', bytes: 20 }
  ]
  expect(estimateOf(parts, { total: 500, available: 300, most: 400 })).toEqual({
    total: 120,
    available: 300,
    parts: [
      { what: 'weights', bytes: 100 },
      { what: 'activations', bytes: 20 }
    ]
  })
})
