/**
 * How well an SAE describes hook values, over all windows:
 *
 *   FVU = sum |x - y|² / sum |x - mean|²,   L0 = mean number of active latents
 *
 * over every position but each window's first, whose norm dwarfs the others in most models; the mean is taken over the same positions.
 * Source: formats.md section 10.
 */
import type { ActiveLatents, Encoder } from '../saes'

/** What a model holds at a hook point for one window: what the SAE reads, and what it stands for. */
export interface WindowValues {
  readonly ids: readonly number[]
  /** [positions, d_in] */
  readonly input: Float32Array
  /** [positions, d_out]; the same as `input` but for transcoders. */
  readonly value: Float32Array
}

export interface WindowsFit {
  readonly fvu: number
  readonly l0: number
  /** Positions that were counted. */
  readonly positions: number
}

/** Encodes every window and measures; `each` is handed what the SAE made of it. Sums run in float64. */
export async function fitOfWindows(
  encoder: Encoder,
  windows: readonly WindowValues[],
  each: (active: ActiveLatents, window: number) => void = () => undefined
): Promise<WindowsFit> {
  const { d_out } = encoder.sae
  const mean = meanValue(windows, d_out)
  let missed = 0
  let spread = 0
  let active = 0
  let positions = 0
  for (const [index, { ids, input, value }] of windows.entries()) {
    const made = await encoder.encode(input, ids.length, value)
    each(made, index)
    const width = made.latents.length
    positions += ids.length - 1
    for (let i = d_out; i < value.length; i++) {
      missed += (made.error[i] ?? 0) ** 2
      spread += ((value[i] ?? 0) - (mean[i % d_out] ?? 0)) ** 2
    }
    for (let i = width; i < made.Z.length; i++) if ((made.Z[i] ?? 0) > 0) active++
  }
  return { fvu: spread === 0 ? 0 : missed / spread, l0: positions === 0 ? 0 : active / positions, positions }
}

/** Mean hook value over every position but the windows' first, [d_out]. */
export function meanValue(windows: readonly WindowValues[], d_out: number): Float64Array {
  const mean = new Float64Array(d_out)
  const count = windows.reduce((sum, { ids }) => sum + ids.length - 1, 0)
  for (const { value } of windows)
    for (let i = d_out; i < value.length; i++) mean[i % d_out] = (mean[i % d_out] ?? 0) + (value[i] ?? 0) / count
  return mean
}
