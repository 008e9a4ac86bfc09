/** What decoding costs: a baseline alone, the same as columns of a steering run, and beside `@huggingface/transformers`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers'
import type { EngineHandlers } from '../../src/main/engine/handlers'
import { assert } from '../../src/shared/errors'
import { DEFAULT_GENERATION, type Recipe } from '../../src/shared/records/steering'
import { exportForTransformers } from './export-onnx'
import { median } from './measure'
import { promptOf, quiet, type Subject } from './work'

/** Columns of one batch; the first is the baseline, which for one column runs the model uncut. */
export const COLUMNS = [1, 4, 8, 16] as const
const PROMPT = 64
const TOKENS = 64

export interface DecodingTimes {
  readonly subject: Subject
  /** Tokens a second of all columns together, the prompt's reading included. */
  readonly columns: readonly { readonly columns: number; readonly tokensPerSecond: number }[]
  /** Milliseconds to the first token of four columns: of the first run, which loads its sessions, and the median of later ones. */
  readonly firstToken: { readonly cold: number; readonly warm: number }
  /** The same of transformers.js, one column. */
  readonly peer: number
  /** Ours over theirs, and eight columns over one: medians of what was measured right after each other. */
  readonly againstPeer: number
  readonly eightOverOne: number
}

/** Rounds in which each is measured once, so that what else the machine does meanwhile counts for all alike. */
export async function timeDecoding(engine: EngineHandlers, subject: Subject, rounds: number): Promise<DecodingTimes> {
  const { d_vocab } = await engine['model.open']({ model: subject.model, device: 'cpu' }, quiet())
  const prompt = promptOf(PROMPT, d_vocab)
  const folder = await mkdtemp(join(tmpdir(), 'gradsae-peer-'))
  try {
    await exportForTransformers(subject.model, join(folder, 'model'))
    const peer = await openPeer(join(folder, 'model'), prompt)
    const own = (columns: number) => (): Promise<number[]> => decode(engine, subject, prompt, columns)
    const [theirs, ours] = [await peer.decode(), await own(1)()]
    assert(theirs.join() === ours.join(), `transformers.js writes the same tokens: ${theirs.join()} is ${ours.join()}`)
    const firstToken = await timeFirstToken(engine, subject, prompt, rounds)
    for (const columns of COLUMNS) await own(columns)()
    const measured: { peer: number; columns: number[] }[] = []
    for (let round = 0; round < rounds; round++) {
      const peerRate = await rate(1, peer.decode)
      const columns: number[] = []
      for (const count of COLUMNS) columns.push(await rate(count, own(count)))
      measured.push({ peer: peerRate, columns })
    }
    await peer.release()
    const of =
      (index: number) =>
      (round: { columns: number[] }): number =>
        round.columns[index] ?? NaN
    const eight = COLUMNS.indexOf(8)
    return {
      subject,
      columns: COLUMNS.map((columns, index) => ({ columns, tokensPerSecond: median(measured.map(of(index))) })),
      firstToken,
      peer: median(measured.map((round) => round.peer)),
      againstPeer: median(measured.map((round) => of(0)(round) / round.peer)),
      eightOverOne: median(measured.map((round) => of(eight)(round) / of(0)(round)))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function rate(columns: number, call: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await call()
  return (columns * TOKENS * 1000) / (performance.now() - begin)
}

async function timeFirstToken(
  engine: EngineHandlers,
  subject: Subject,
  prompt: readonly number[],
  rounds: number
): Promise<DecodingTimes['firstToken']> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const begin = performance.now()
    let first = NaN
    await decode(engine, subject, prompt, 4, 2, () => (first = Number.isNaN(first) ? performance.now() - begin : first))
    times.push(first)
  }
  const [cold = NaN, ...warm] = times
  return { cold, warm: median(warm) }
}

/** One greedy run, by the call that the window makes; the baseline's token ids. */
async function decode(
  engine: EngineHandlers,
  { model, sae, hook }: Subject,
  prompt: readonly number[],
  columns: number,
  maxTokens = TOKENS,
  onToken: () => void = () => undefined
): Promise<number[]> {
  const recipes: Recipe[] = Array.from({ length: columns - 1 }, (_, index) => ({
    id: `${index}`,
    name: `recipe ${index}`,
    interventions: [{ latent: index, mode: 'add', coefficient: 0.1, positions: 'all' }],
    keepError: true
  }))
  const settings = { ...DEFAULT_GENERATION, maxTokens, stopAtEnd: false, temperature: 0 }
  const cut = columns === 1 ? { sae: null, hook: null } : { sae, hook }
  const comparison = await engine['steering.compare'](
    { model, ...cut, device: 'cpu', prompt: { ids: [...prompt] }, recipes, settings, target: null, score: false },
    { ...quiet(), emit: onToken }
  )
  return comparison.columns[0]?.tokens.map(({ id }) => id) ?? []
}

interface Peer {
  decode(): Promise<number[]>
  release(): Promise<unknown>
}

async function openPeer(folder: string, prompt: readonly number[]): Promise<Peer> {
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: dirname(folder) })
  const model = await AutoModelForCausalLM.from_pretrained('model', { device: 'cpu', dtype: 'fp32', local_files_only: true })
  const ids = (value: (id: number) => bigint): Tensor => new Tensor('int64', BigInt64Array.from(prompt, value), [1, prompt.length])
  return {
    async decode() {
      const input = { input_ids: ids(BigInt), attention_mask: ids(() => 1n) }
      const output = await model.generate({ ...input, max_new_tokens: TOKENS, do_sample: false })
      assert(output instanceof Tensor, 'generating yields ids')
      return Array.from(output.data, Number).slice(prompt.length)
    },
    release: () => model.dispose()
  }
}
