/** The work that is timed: the engine's own calls, exactly as the window and the command line make them. */
import type { HandlerTask } from '../../src/shared/contract'
import type { ModelInfo, SaeInfo } from '../../src/shared/records/model'
import type { MethodName, Ranking } from '../../src/shared/records/ranking'
import { DEFAULT_GENERATION, type Recipe } from '../../src/shared/records/steering'
import type { EngineHandlers } from '../../src/main/engine/handlers'
import { median, peakMemory, time } from './measure'

export interface Subject {
  readonly name: string
  readonly model: string
  readonly sae: string
  readonly hook: string
  /** Prompt lengths to time. */
  readonly lengths: readonly number[]
}

export interface AttributionTime {
  readonly method: MethodName
  readonly tokens: number
  readonly milliseconds: number
  /** Operations that the method itself needs, in 10^9; see `operations`. */
  readonly gigaOperations: number
  readonly ranking: Ranking
}

export interface GenerationTime {
  readonly columns: number
  /** Tokens of all columns together, a second. */
  readonly tokensPerSecond: number
}

export interface SubjectTimes {
  readonly subject: Subject
  /** From nothing to the first ranking of a 16-token prompt: reading, checking, hashing, loading, running. */
  readonly loadMilliseconds: number
  readonly attribution: readonly AttributionTime[]
  readonly generation: readonly GenerationTime[]
  readonly peakBytes: number
}

export async function timeSubject(engine: EngineHandlers, subject: Subject, runs: number): Promise<SubjectTimes> {
  const begin = performance.now()
  const model = await engine['model.open']({ model: subject.model, device: 'cpu' }, quiet())
  const sae = await engine['sae.open']({ sae: subject.sae }, quiet())
  await rank(engine, subject, model, 'attribution', 16)
  const loadMilliseconds = performance.now() - begin
  const attribution: AttributionTime[] = []
  for (const method of ['attribution', 'gradsae'] as const) {
    for (const tokens of subject.lengths) {
      const ranking = await rank(engine, subject, model, method, tokens)
      const times = await time(runs, 1, () => rank(engine, subject, model, method, tokens))
      const gigaOperations = operations(model, sae, subject.hook, method, tokens) / 1e9
      attribution.push({ method, tokens, milliseconds: median(times), gigaOperations, ranking })
    }
  }
  const generation: GenerationTime[] = []
  for (const variants of [0, 3]) generation.push(await timeGeneration(engine, subject, model, variants))
  return { subject, loadMilliseconds, attribution, generation, peakBytes: peakMemory() }
}

/** Token ids of a prompt: spread over the vocabulary, the same on every run and for the peer. */
export function promptOf(length: number, d_vocab: number): number[] {
  return Array.from({ length }, (_, index) => (index * 7919) % (d_vocab - 1))
}

async function rank(
  engine: EngineHandlers,
  { model, sae, hook }: Subject,
  { d_vocab }: ModelInfo,
  method: MethodName,
  tokens: number
): Promise<Ranking> {
  const prompt = { ids: promptOf(tokens, d_vocab) }
  return engine['attribution.rank'](
    { model, sae, hook, device: 'cpu', prompt, method, target: null, includeSpecial: true, modelTop: false },
    quiet()
  )
}

async function timeGeneration(engine: EngineHandlers, subject: Subject, { d_vocab }: ModelInfo, variants: number): Promise<GenerationTime> {
  const maxTokens = 32
  const recipes: Recipe[] = Array.from({ length: variants }, (_, index) => ({
    id: `${index}`,
    name: `variant ${index}`,
    interventions: [{ latent: index, mode: 'add', coefficient: 0.1, positions: 'all' }],
    keepError: true
  }))
  const input = {
    model: subject.model,
    sae: subject.sae,
    hook: subject.hook,
    device: 'cpu' as const,
    prompt: { ids: promptOf(64, d_vocab) },
    recipes,
    settings: { ...DEFAULT_GENERATION, maxTokens, stopAtEnd: false },
    target: null,
    score: false
  }
  const times = await time(3, 1, async () => engine['steering.compare'](input, quiet()))
  return { columns: 1 + variants, tokensPerSecond: ((1 + variants) * maxTokens * 1000) / median(times) }
}

/**
 * Multiplications and additions that a ranking cannot do without: the forward pass of every layer, the backward pass of the layers
 * after the hook point (with respect to activations only), the encoder on every position, the decoder on the active latents, and
 * the unembedding of one position, forward and, for a target that depends on every logit, back. Attention counts all pairs of positions.
 */
function operations(model: ModelInfo, sae: SaeInfo, hook: string, method: MethodName, tokens: number): number {
  const { d_model: d, d_head, n_heads, n_kv_heads, d_mlp, n_layers, d_vocab } = model
  const after = n_layers - Number(/^blocks\.(\d+)/.exec(hook)?.[1] ?? 0) - (hook.endsWith('resid_post') ? 1 : 0)
  const projections = d * d_head * (2 * n_heads + 2 * n_kv_heads) + (model.family === 'gpt2' ? 2 : 3) * d * d_mlp
  const attention = 2 * tokens * n_heads * d_head
  const layers = tokens * (n_layers * (projections + attention) + after * (projections + 2 * attention))
  const unembeddings = method === 'gradsae' ? 2 : 1
  return 2 * (layers + tokens * d * (sae.d_sae + (sae.k ?? 0)) + unembeddings * d * d_vocab)
}

/** A task that nobody watches. */
export function quiet<E>(): HandlerTask<E> {
  return { signal: new AbortController().signal, progress: () => undefined, emit: () => undefined }
}
