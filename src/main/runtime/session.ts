/** Opens graphs as onnxruntime sessions and runs them. Runs are synchronous inside the runtime: they block this thread. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { assert } from '../../shared/errors'
import { prune } from '../graph/prune'
import { serialise } from '../graph/serialise'
import { devicesToTry, rememberFailure } from './devices'
import { loadWeights } from './loaded'
import { sessionOptions } from './options'
import { raise, reasonOf } from './reason'
import type { Feeds, OpenSession, Session, Tensor } from './types'

/**
 * Prunes, serialises and loads the graph. A device that does not work is replaced by the CPU, and `session.device.note` says why.
 * Throws RUNTIME_FAILED or OUT_OF_MEMORY when the CPU cannot load it either, WEIGHTS_NOT_IN_PLACE, and what reading weights may throw.
 */
export const openSession: OpenSession = async (graph, options) => {
  const pruned = await loadWeights(prune(graph))
  const bytes = serialise(pruned)
  const { devices, note: skipped } = await devicesToTry(options.device)
  let note = skipped
  for (const device of devices) {
    try {
      const inner = await InferenceSession.create(bytes, sessionOptions(pruned, device, options))
      return handle(inner, { requested: options.device, used: device, note }, options.doing)
    } catch (error) {
      if (device === 'cpu') raise(error, options.doing)
      note = `${device} did not work (${reasonOf(error)}); the CPU is used`
      rememberFailure(device, reasonOf(error))
    }
  }
  throw new Error('Broken promise: the CPU is the last device tried')
}

function handle(inner: InferenceSession, device: Session['device'], doing: string): Session {
  return {
    device,
    async run(feeds, fetch) {
      try {
        const outputs = await inner.run(toRuntime(feeds), [...(fetch ?? inner.outputNames)])
        return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, fromRuntime(name, output)]))
      } catch (error) {
        return raise(error, doing)
      }
    },
    release: () => inner.release()
  }
}

/** What was fed before: caches are fed at every step of a generation, and making a tensor of the runtime's takes longer than feeding it. */
const KNOWN = new WeakMap<Tensor, OrtTensor>()

function toRuntime(feeds: Feeds): Record<string, OrtTensor> {
  const tensors: Record<string, OrtTensor> = {}
  for (const [name, tensor] of Object.entries(feeds)) tensors[name] = KNOWN.get(tensor) ?? remember(tensor, name)
  return tensors
}

function remember(tensor: Tensor, name: string): OrtTensor {
  const { type, dims, data } = tensor
  assert(type !== 'bfloat16', `the input ${name} is not bfloat16, which the runtime cannot be fed`)
  const made = new OrtTensor(type, data, dims)
  KNOWN.set(tensor, made)
  return made
}

function fromRuntime(name: string, output: OrtTensor): Tensor {
  const { type, data, dims } = output
  switch (type) {
    case 'float32':
    case 'float64':
    case 'float16':
    case 'int64':
    case 'int32':
    case 'bool':
      return { type, dims, data: data as Tensor['data'] }
    default:
      throw new Error(`the output ${name} has the unexpected type ${type}`)
  }
}
