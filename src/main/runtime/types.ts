/** What other rooms see of the runtime: tensors as plain data and sessions as handles. */
import type { Device } from '../../shared/records/model'
import type { ElementType, Graph, TypedArray } from '../graph/types'

/** A dense row-major tensor in this process's memory. float16 and bfloat16 data are raw 16-bit words. */
export interface Tensor<A extends TypedArray = TypedArray> {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly data: A
}

export type Feeds = Readonly<Record<string, Tensor>>

/** A device that computes; "auto" is only a wish. */
export type RealDevice = Exclude<Device, 'auto'>

export interface SessionOptions {
  /** Folder that holds the files named by the graph's external initializers. */
  readonly folder?: string
  readonly device: Device
  /** What is being done, for error texts: "loading the model storyteller". */
  readonly doing: string
  /**
   * For weights that fill a good part of the memory: they stay where they are mapped, without a copy packed for quicker products and
   * without constants computed in advance. A run of few rows then takes two or three times as long.
   */
  readonly lean?: boolean
}

/** A loaded graph. `run` blocks this thread while it computes; see docs/architecture.md. */
export interface Session {
  /** The device asked for and the one that runs it; they differ after a fallback, and `note` says why. */
  readonly device: { readonly requested: Device; readonly used: Device; readonly note: string }
  /** Runs the graph and returns its outputs by name (or only `fetch`). Throws RUNTIME_FAILED or OUT_OF_MEMORY. */
  run(feeds: Feeds, fetch?: readonly string[]): Promise<Record<string, Tensor>>
  /** Frees the memory; the session cannot be used afterwards. */
  release(): Promise<void>
}

export type OpenSession = (graph: Graph, options: SessionOptions) => Promise<Session>
