/** Opens graphs as onnxruntime sessions and runs them. Runs are synchronous inside the runtime: they block this thread. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { assert, fail } from '../../shared/errors'
import type { Device } from '../../shared/records/model'
import type { Graph } from '../graph/types'
import { prune } from '../graph/prune'
import { serialise } from '../graph/serialise'
import { devicesToTry, rememberFailure } from './devices'
import type { Feeds, OpenSession, Session, SessionOptions, Tensor } from './types'

/**
 * Prunes, serialises and loads the graph. An accelerator that does not work is replaced by the CPU, and `session.device.note`
 * says why. Throws RUNTIME_FAILED or OUT_OF_MEMORY when the CPU cannot load it either.
 */
export const openSession: OpenSession = async (graph, options) => {
  const pruned = prune(graph)
  const bytes = serialise(pruned)
  const { devices, note: skipped } = devicesToTry(options.device)
  let note = skipped
  for (const device of devices) {
    try {
      const inner = await InferenceSession.create(bytes, sessionOptions(device, options, pruned))
      return handle(inner, { requested: options.device, used: device, note }, options.doing)
    } catch (error) {
      if (device === 'cpu') raise(error, options.doing)
      note = `${device} did not work (${reasonOf(error)}); the CPU is used`
      rememberFailure(device, reasonOf(error))
    }
  }
  throw new Error('Broken promise: the CPU is the last device tried')
}

function sessionOptions(device: Exclude<Device, 'auto'>, options: SessionOptions, graph: Graph): InferenceSession.SessionOptions {
  // The runtime fuses float64 nodes into operators that it has for float32 only, and then cannot load them.
  const double = graph.nodes.some((node) => node.outputs.some((output) => output.type === 'float64'))
  const session: Record<string, string> = {}
  if (options.folder !== undefined) session.model_external_initializers_file_folder_path = options.folder
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    graphOptimizationLevel: double ? 'basic' : 'all',
    logSeverityLevel: 3,
    extra: { session }
  }
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

function toRuntime(feeds: Feeds): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, { type, dims, data }]) => {
    assert(type !== 'bfloat16', `the input ${name} is not bfloat16, which the runtime cannot be fed`)
    return [name, new OrtTensor(type, data, dims)]
  }))
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

/** The runtime's errors carry nothing but a text, so that is what tells memory from other failures. */
function raise(error: unknown, doing: string): never {
  const reason = reasonOf(error)
  if (/bad.?alloc|failed to allocate memory|out of memory|not enough memory/i.test(reason)) return fail('OUT_OF_MEMORY', { doing }, error)
  return fail('RUNTIME_FAILED', { doing, reason }, error)
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, 400)
}
