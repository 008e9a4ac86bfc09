/** Which devices the runtime offers here, and which to try for a wish. */
import { listSupportedBackends } from 'onnxruntime-node'
import type { Device, DeviceInfo } from '../../shared/records/model'

const ACCELERATORS = ['cuda', 'dml', 'coreml'] as const

const DESCRIPTIONS: Record<Device, { is: string; missing: string }> = {
  auto: { is: 'an accelerator where one works, otherwise the CPU', missing: '' },
  cpu: { is: 'the processor; always available', missing: '' },
  webgpu: { is: 'any graphics card, through WebGPU', missing: 'this build of the runtime has no WebGPU' },
  cuda: {
    is: 'NVIDIA graphics cards; needs the CUDA libraries of onnxruntime-node (node node_modules/onnxruntime-node/script/install)',
    missing: 'this build of the runtime has no CUDA'
  },
  dml: { is: 'Windows graphics cards, through DirectML', missing: 'DirectML exists on Windows only' },
  coreml: { is: 'Apple hardware, through Core ML', missing: 'Core ML exists on macOS only' }
}

/** Every device the workbench knows, whether this runtime offers it, and what it is or why it is missing. */
export function listDevices(): DeviceInfo[] {
  const offered = offeredDevices()
  const devices: Device[] = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml']
  return devices.map((device) => {
    const available = offered.has(device)
    const failure = failures.get(device)
    const note = failure ?? (available ? DESCRIPTIONS[device].is : DESCRIPTIONS[device].missing)
    return { device, available: available && failure === undefined, note }
  })
}

/** Devices in the order to try them; the CPU always comes last. Each untried wish carries the reason it is skipped. */
export function devicesToTry(requested: Device): { devices: Exclude<Device, 'auto'>[]; note: string } {
  const offered = offeredDevices()
  if (requested === 'auto') {
    return { devices: [...ACCELERATORS.filter((device) => offered.has(device) && !failures.has(device)), 'cpu'], note: '' }
  }
  if (requested === 'cpu') return { devices: ['cpu'], note: '' }
  if (offered.has(requested)) return { devices: [requested, 'cpu'], note: '' }
  return { devices: ['cpu'], note: `${requested} is not available here (${DESCRIPTIONS[requested].missing}); the CPU is used` }
}

/** Remembers that a device did not work, so that "auto" does not try it again in this process. */
export function rememberFailure(device: Device, reason: string): void {
  failures.set(device, reason)
}

const failures = new Map<Device, string>()

function offeredDevices(): Set<Device> {
  const names = new Set(listSupportedBackends().map((backend): string => backend.name))
  const known: Exclude<Device, 'auto'>[] = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml']
  return new Set<Device>(['auto', 'cpu', ...known.filter((device) => names.has(device))])
}
