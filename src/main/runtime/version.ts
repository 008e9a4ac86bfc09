import { env } from 'onnxruntime-node'

/** Version of the inference runtime, for provenance. */
export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common
}
