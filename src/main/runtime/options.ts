/** Session options of the runtime, decided in one place. */
import { env, type InferenceSession } from 'onnxruntime-node'
import type { Graph } from '../graph/types'
import type { RealDevice, SessionOptions } from './types'

// Failures come back as exceptions; the runtime's own lines on stderr would only repeat them.
env.logLevel = 'fatal'

// TensorFloat-32 keeps 10 bits of each factor, too few for gradients. NVIDIA's libraries read this when they load.
process.env.NVIDIA_TF32_OVERRIDE ??= '0'

/**
 * The defaults were the fastest of those measured on two cores with a GPT-2-small-shaped gradient graph (64 tokens): packing weights on
 * load 105 ms against 336 ms without; thread count and denormals made no difference beyond noise.
 *
 * Each session has its own threads, which by default go on spinning for a while after a run. A ranking runs three sessions in turn, so on
 * two cores each would compute beside the spinning threads of the one before: 155 ms against 80 ms for 16 tokens. They stop with the run.
 */
export function sessionOptions(
  graph: Graph,
  device: RealDevice,
  { folder, lean = false }: Pick<SessionOptions, 'folder' | 'lean'>
): InferenceSession.SessionOptions {
  // The runtime fuses float64 nodes into operators that it has for float32 only, and then cannot load them.
  const double = graph.nodes.some((node) => node.outputs.some((output) => output.type === 'float64'))
  const session = {
    force_spinning_stop: '1',
    ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
    // They are also small and come in crowds (gradient checks), where waiting threads only take the processor from each other.
    ...(lean ? { disable_prepacking: '1' } : {}),
    ...(double ? { intra_op: { allow_spinning: '0' } } : {})
  }
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [provider(graph, device), 'cpu'],
    // Even 'basic' computes constants in advance: a whole float32 copy of a weight in half precision.
    graphOptimizationLevel: lean ? 'disabled' : double ? 'basic' : 'all',
    // The arena keeps what it once had, in steps that double: 0.6 GB where 0.15 GB are in use (131,072 latents, 64 positions).
    ...(lean ? { enableCpuMemArena: false, enableMemPattern: false } : {}),
    logSeverityLevel: 4,
    extra: { session, ...(device === 'cpu' ? { optimization: UNFUSED } : {}) }
  }
}

/**
 * LayerNorm that is fused with the addition before it rounds otherwise than the two alone. Where a model is cut in between they cannot be
 * fused, so that the place of a cut would show in the last bits of what comes after it, and could change a sampled token.
 */
const UNFUSED = { disable_specified_optimizers: 'SkipLayerNormFusion' }

/**
 * WebGPU's sine and cosine may be off by 5e-4 and by anything for large angles (WGSL specification, "Accuracy of concrete floating
 * point expressions"), which ruins rotary positions; the CPU computes them. Nodes are called like their first output (serialise.ts).
 */
function provider(graph: Graph, device: RealDevice): InferenceSession.ExecutionProviderConfig {
  if (device !== 'webgpu') return device
  const trigonometry = graph.nodes.filter((node) => node.op === 'Sin' || node.op === 'Cos')
  // The runtime refuses an empty list.
  if (trigonometry.length === 0) return device
  return { name: device, forceCpuNodeNames: trigonometry.flatMap((node) => node.outputs.slice(0, 1).map((value) => value.name)) }
}
