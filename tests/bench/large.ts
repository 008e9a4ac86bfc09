/** Time and memory of an SAE of several GB, through the engine's own calls, in a process that does nothing else. */
import { join } from 'node:path'
import { z } from 'zod'
import type { HandlerTask } from '../../src/shared/contract'
import type { EngineHandlers } from '../../src/main/engine/handlers'
import { assert } from '../../src/shared/errors'
import { LARGE, LARGE_KINDS } from './large-sae'
import { peakMemory, time } from './measure'
import { align } from './table'
import { promptOf } from './work'

const PROMPTS = [16, 64, 256]

export const LargeTimes = z.object({
  kind: z.string(),
  /** Size of its files. */
  bytes: z.number(),
  openMilliseconds: z.number(),
  prompts: z.array(
    z.object({
      tokens: z.number(),
      /** Mean active latents of a position, as a check that there is something to do. */
      l0: z.number(),
      activationsMilliseconds: z.number(),
      rankingMilliseconds: z.number(),
      /** Largest resident memory of the process so far, mapped parts of the files included. */
      peakBytes: z.number()
    })
  )
})
export type LargeTimes = z.infer<typeof LargeTimes>

/** The kinds that "--large" names. */
export function kindsOf(given: string): string[] {
  const known = LARGE_KINDS.map(({ name }) => name)
  if (given === 'all') return known
  const names = given.split(',')
  const unknown = names.find((name) => !known.includes(name))
  assert(unknown === undefined, `${unknown} is one of ${known.join(', ')}`)
  return names
}

export async function timeLarge(engine: EngineHandlers, folder: string, kind: string): Promise<LargeTimes> {
  const [model, sae] = [join(folder, 'model'), join(folder, kind)]
  const begin = performance.now()
  const { bytes } = await engine['sae.open']({ sae }, quiet())
  const openMilliseconds = performance.now() - begin
  const prompts: LargeTimes['prompts'] = []
  for (const tokens of PROMPTS) {
    const bench = { model, sae, hook: LARGE.hook, device: 'cpu' as const, prompt: { ids: promptOf(tokens, 256) } }
    const { positions } = await engine['sae.activations'](bench, quiet())
    const [activations = NaN] = await time(1, 0, async () => engine['sae.activations'](bench, quiet()))
    const [ranking = NaN] = await time(1, 0, async () =>
      engine['attribution.rank']({ ...bench, method: 'gradsae', target: null, includeSpecial: true, modelTop: false }, quiet())
    )
    const l0 = positions.reduce((sum, position) => sum + position.l0, 0) / positions.length
    prompts.push({ tokens, l0, activationsMilliseconds: activations, rankingMilliseconds: ranking, peakBytes: peakMemory() })
  }
  return { kind, bytes, openMilliseconds, prompts }
}

export function largeTable(all: readonly LargeTimes[]): string {
  const rows = all.flatMap(({ kind, bytes, openMilliseconds, prompts }): [string, string, string][] => [
    [kind, `${gigabytes(bytes)} GB`, `opened in ${Math.round(openMilliseconds)} ms`],
    ...prompts.map(({ tokens, l0, activationsMilliseconds, rankingMilliseconds, peakBytes }): [string, string, string] => [
      `  ${tokens} tokens, ${Math.round(l0)} active`,
      `${Math.round(activationsMilliseconds)} ms`,
      `ranking ${Math.round(rankingMilliseconds)} ms; peak memory ${gigabytes(peakBytes)} GB, ${Math.round((100 * peakBytes) / bytes)} % of the files`
    ])
  ])
  return [`${LARGE.d_sae} latents over ${LARGE.d_model} numbers`, '', ...align(rows)].join('\n')
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2)

function quiet<E>(): HandlerTask<E> {
  return { signal: new AbortController().signal, progress: () => undefined, emit: () => undefined }
}
