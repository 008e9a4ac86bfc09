/**
 * Five random active latents: d logit / d activation as attribution takes it, against the central difference of two runs in which the
 * activation is really a little larger and a little smaller:  (t(z + h) - t(z - h)) / 2h,  the reconstruction error kept.
 */
import type { Preflight } from '../../shared/records/preflight'
import { suffixLogits, type Bench, type HookValues } from '../attribution'
import { topTokens } from '../models'
import type { ActiveLatents } from '../saes'

const LATENTS = 5
/** The step moves the hook value by this share of its norm: small enough for the curve, large enough for float32. */
const STEP = 5e-3

/** `own` and `active` are one window's, and at most as long as the gradient session should run. */
export async function gradientCheck(bench: Bench, own: HookValues, active: ActiveLatents): Promise<Preflight['gradient']> {
  const { d_out, latents, Z, rows, tokenScale } = active
  const [base] = await suffixLogits(bench, 1, own.value, own.beside)
  const target = topTokens(base ?? new Float32Array(), 1)[0]?.id ?? 0
  const session = await bench.gradient({ reading: 'logit', frozen: { attention: false, norms: false }, direct: false })
  const positions = active.positions
  const terms = [{ row: 0, position: positions - 1, id: target, weight: 1 }]
  const { gradient } = await session.run({ batch: 1, positions, values: own.value, beside: own.beside, terms })
  const pairs: { position: number; u: number }[] = []
  for (let i = latents.length; i < Z.length; i++)
    if ((Z[i] ?? 0) > 0) pairs.push({ position: Math.floor(i / latents.length), u: i % latents.length })
  const slopeOf = ({ position, u }: { position: number; u: number }): number => {
    let sum = 0
    for (let i = 0; i < d_out; i++) sum += (gradient[position * d_out + i] ?? 0) * (rows[u * d_out + i] ?? 0)
    return sum * (tokenScale[position] ?? 1)
  }
  // A slope far below the others drowns in float32's rounding of the logits: errors are measured against the usual size of a slope.
  const usual = Math.sqrt(pairs.reduce((sum, pair) => sum + slopeOf(pair) ** 2, 0) / Math.max(1, pairs.length))
  const chosen = pick(pairs, LATENTS)
  const checked: Preflight['gradient']['latents'] = []
  for (const pair of chosen) {
    const { position, u } = pair
    const row = rows.subarray(u * d_out, (u + 1) * d_out)
    const size = Math.hypot(...own.value.subarray(position * d_out, (position + 1) * d_out))
    const scale = tokenScale[position] ?? 1
    const h = (STEP * size) / (Math.hypot(...row) * scale || 1)
    const moved = new Float32Array(2 * own.value.length)
    for (const [side, sign] of [1, -1].entries()) {
      moved.set(own.value, side * own.value.length)
      for (let i = 0; i < d_out; i++) {
        const at = side * own.value.length + position * d_out + i
        moved[at] = (moved[at] ?? 0) + sign * h * scale * (row[i] ?? 0)
      }
    }
    const [plus, minus] = await suffixLogits(bench, 2, moved, own.beside)
    const difference = ((plus?.[target] ?? NaN) - (minus?.[target] ?? NaN)) / (2 * h)
    const analytic = slopeOf(pair)
    const relativeError = Math.abs(analytic - difference) / Math.max(Math.abs(analytic), Math.abs(difference), usual, 1e-30)
    checked.push({ latent: latents[u] ?? -1, position, analytic, difference, relativeError })
  }
  return { latents: checked, worst: checked.reduce((worst, { relativeError }) => Math.max(worst, relativeError), 0) }
}

/** Some of the list, spread by a fixed shuffle, the same ones each time (a linear congruential generator is random enough here). */
function pick<T>(list: readonly T[], count: number): T[] {
  const rest = [...list]
  let state = 1
  return Array.from({ length: Math.min(count, rest.length) }, () => {
    state = (state * 48271) % 2147483647
    return rest.splice(state % rest.length, 1)
  }).flat()
}
