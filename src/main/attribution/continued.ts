/**
 * The suffix from the middle of a prompt on. What stands before the first changed position is the same in every variant, so its keys and
 * values are computed once and each variant runs from there: a causal model's earlier positions do not see later ones.
 */
import { assert, fail } from '../../shared/errors'
import { emptyPast, nextPast, pastPositions, positionsFrom, widthOf } from '../models'
import type { SegmentSpec } from '../models/types'
import { allFinite, f32, floatsOf, i64 } from '../runtime'
import type { Feeds, Tensor } from '../runtime/types'
import type { Cut } from './bench'

/** Keys and values of one prompt, [1, n_kv_heads, positions, d_head] for each layer after the hook point. */
export type SuffixCache = Feeds

/** What the suffix's layers keep of hook values [positions, width]; `beside` as in `suffixLogitsAt`. */
export async function suffixCache(cut: Cut, values: Float32Array, beside: Float32Array | null): Promise<SuffixCache> {
  const { session, layers, placed } = await opened(cut)
  if (layers.length === 0) return {}
  const { config } = cut.sessions.model
  const positions = values.length / widthOf(config, cut.hook)
  const outputs = await session.run(
    {
      hook: f32([1, positions, values.length / positions], values),
      ...(beside ? { beside: f32([1, positions, config.d_model], beside) } : {}),
      select: i64([1], [positions - 1]),
      ...placed(0, positions),
      ...emptyPast(cut.sessions.model, layers, 1)
    },
    layers.flatMap((layer) => [`new_key.${layer}`, `new_value.${layer}`])
  )
  return nextPast(outputs)
}

/**
 * Logits after the positions `select`, all of them `from` or later, for each row of hook values from the position `from` on:
 * `values` [rows, positions - from, width]. Returns [rows, select.length, d_vocab]. @throws NUMBERS_NOT_FINITE
 */
export async function continuedLogits(
  cut: Cut,
  cache: SuffixCache,
  { rows, from, values, beside }: { rows: number; from: number; values: Float32Array; beside: Float32Array | null },
  select: readonly number[]
): Promise<Float32Array> {
  assert(
    select.every((position) => position >= from),
    'logits are read where the variants are run'
  )
  const { session, placed } = await opened(cut)
  const { config } = cut.sessions.model
  const width = widthOf(config, cut.hook)
  const count = values.length / rows / width
  const rest = beside?.subarray(from * config.d_model)
  const outputs = await session.run(
    {
      hook: f32([rows, count, width], values),
      ...(rest ? { beside: f32([rows, count, config.d_model], repeated(rest, rows)) } : {}),
      select: i64(
        [select.length],
        select.map((position) => position - from)
      ),
      ...placed(from, count),
      ...Object.fromEntries(Object.entries(cache).map(([name, tensor]) => [name, headOf(tensor, from, rows)]))
    },
    ['logits']
  )
  const logits = floatsOf(outputs, 'logits')
  if (!allFinite(logits)) fail('NUMBERS_NOT_FINITE', { doing: 'running the rest of the model' })
  return logits
}

async function opened({ sessions, hook }: Cut): Promise<{
  session: Awaited<ReturnType<Cut['sessions']['segment']>>
  layers: readonly number[]
  placed: (from: number, count: number) => Feeds
}> {
  const spec: SegmentSpec = { from: hook, to: 'logits', cache: true }
  const { graph, layers } = sessions.layout(spec)
  // Without attention left after the hook point, pruning has taken the positions away.
  const takesPositions = graph.inputs.some(({ name }) => name === 'positions')
  return {
    session: await sessions.segment(spec),
    layers,
    placed: (from, count): Feeds => (takesPositions ? { positions: positionsFrom(from, count), past_positions: pastPositions(from) } : {})
  }
}

/** The first `count` positions of a cache of one row, for `rows` rows. */
function headOf(tensor: Tensor, count: number, rows: number): Tensor<Float32Array> {
  const [, heads = 0, positions = 0, size = 0] = tensor.dims
  assert(tensor.data instanceof Float32Array, 'keys and values are float32')
  const one = new Float32Array(heads * count * size)
  for (let head = 0; head < heads; head++) {
    const start = head * positions * size
    one.set(tensor.data.subarray(start, start + count * size), head * count * size)
  }
  return f32([rows, heads, count, size], repeated(one, rows))
}

function repeated(values: Float32Array, times: number): Float32Array {
  if (times === 1) return values
  const out = new Float32Array(values.length * times)
  for (let row = 0; row < times; row++) out.set(values, row * values.length)
  return out
}
