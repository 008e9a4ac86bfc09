/** Which devices the runtime offers here, and which to try for a wish. */
import { listSupportedBackends } from 'onnxruntime-node'
import type { Device, DeviceInfo } from '../../shared/records/model'
import { probe } from './probe'
import type { RealDevice } from './types'

/** Tried in this order for "auto". WebGPU is not among them: it runs everywhere, but for small models slower than the CPU. */
const ACCELERATORS: readonly RealDevice[] = ['cuda', 'dml', 'coreml']

const DESCRIPTIONS: Record<RealDevice, { is: string; missing: string }> = {
  cpu: { is: 'the processor; always available', missing: '' },
  webgpu: { is: 'any graphics card, through WebGPU', missing: 'this build of the runtime has no WebGPU' },
  cuda: { is: 'NVIDIA graphics cards', missing: 'this build of the runtime has no CUDA' },
  dml: { is: 'Windows graphics cards, through DirectML', missing: 'DirectML exists on Windows only' },
  coreml: { is: 'Apple hardware, through Core ML', missing: 'Core ML exists on macOS only' }
}
const CUDA_HELP = 'install its libraries with: node node_modules/onnxruntime-node/script/install'

/** Every device the workbench knows, whether it works here, and what it is or why it does not work. */
export async function listDevices(): Promise<DeviceInfo[]> {
  const devices: RealDevice[] = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml']
  const listed = await Promise.all(devices.map(describe))
  const [used] = (await devicesToTry('auto')).devices
  return [{ device: 'auto', available: true, note: `chooses what works best here: ${used}` }, ...listed]
}

/** Devices in the order to try them, the CPU last, and why the wish is not among them. */
export async function devicesToTry(requested: Device): Promise<{ devices: RealDevice[]; note: string }> {
  if (requested === 'cpu') return { devices: ['cpu'], note: '' }
  if (requested === 'auto') {
    for (const device of ACCELERATORS)
      if (offers(device) && (await failureOf(device)) === null) return { devices: [device, 'cpu'], note: '' }
    return { devices: ['cpu'], note: '' }
  }
  if (offers(requested)) return { devices: [requested, 'cpu'], note: '' }
  return { devices: ['cpu'], note: `${requested} is not available here (${DESCRIPTIONS[requested].missing}); the CPU is used` }
}

/** Remembers for this process that a device did not work. */
export function rememberFailure(device: RealDevice, reason: string): void {
  failures.set(device, Promise.resolve(reason))
}

async function describe(device: RealDevice): Promise<DeviceInfo> {
  const { is, missing } = DESCRIPTIONS[device]
  if (!offers(device)) return { device, available: false, note: missing }
  // WebGPU is not probed here: starting a graphics driver only to fill a list is not worth its risk.
  const reason = ACCELERATORS.includes(device) ? await failureOf(device) : ((await failures.get(device)) ?? null)
  if (reason === null) return { device, available: true, note: is }
  return { device, available: false, note: device === 'cuda' ? `${reason}; ${CUDA_HELP}` : reason }
}

/** Device -> why it does not work, or null; filled by probes and by failed sessions. */
const failures = new Map<RealDevice, Promise<string | null>>()

function failureOf(device: RealDevice): Promise<string | null> {
  const known = failures.get(device) ?? probe(device)
  failures.set(device, known)
  return known
}

function offers(device: RealDevice): boolean {
  return device === 'cpu' || listSupportedBackends().some((backend): boolean => backend.name === device)
}
