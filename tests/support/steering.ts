/** Models with an SAE to steer with: the default one, and the two tiny ones with random SAEs written for the occasion. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createModelSessions, forwardResid, openModel, promptIds } from '../../src/main/models'
import { f32, floatsOf, i64, openSession } from '../../src/main/runtime'
import { createEncoder, openSae, type Encoder } from '../../src/main/saes'
import { randomStream } from '../../src/main/statistics/random'
import type { SteeringBench } from '../../src/main/steering/compare'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'
import type { PromptInput } from '../../src/shared/records/token'
import { DEFAULT_MODEL, TINY_MODELS } from './models'

export interface SteeringSubject {
  readonly bench: SteeringBench
  readonly sae: { readonly encoder: Encoder; readonly hook: string; readonly reads: string }
  /** The file that holds W_dec. */
  readonly saeFile: string
  readonly prompt: PromptInput
  release(): Promise<void>
}

const STORY = 'Once upon a time there was a girl named Lily. She was very sad because'
const ARCHITECTURES = ['standard', 'jumprelu', 'topk'] as const

/** The default model with one of its SAEs. */
export function openStoryteller(sae = 'blocks.3.hook_resid_post-topk-2048'): Promise<SteeringSubject> {
  return openSubject(DEFAULT_MODEL, join(DEFAULT_MODEL, '../saes', sae), { text: STORY })
}

export const STEERING_SUBJECTS: { name: string; open: () => Promise<SteeringSubject> }[] = [
  ...['blocks.3.hook_resid_post-topk-2048', 'blocks.3.hook_resid_post-jumprelu-2048'].map((name) => ({
    name: `the default model at ${name}`,
    open: () => openStoryteller(name)
  })),
  ...TINY_MODELS.flatMap((folder, model) =>
    ['none', 'layer_norm'].map((normalisation, index) => {
      const architecture = ARCHITECTURES[(model + index) % ARCHITECTURES.length] ?? 'standard'
      return {
        name: `${basename(folder)} with a random ${architecture} SAE, normalisation ${normalisation}`,
        open: async (): Promise<SteeringSubject> => {
          const sae = await mkdtemp(join(tmpdir(), 'gradsae-test-'))
          await writeRandomSae(sae, architecture, normalisation, 24, 96)
          const subject = await openSubject(folder, sae, { ids: [3, 17, 42, 8, 25, 11] })
          const release = async (): Promise<void> => {
            await subject.release()
            await rm(sae, { recursive: true, force: true })
          }
          return { ...subject, release }
        }
      }
    })
  )
]

/** Opens a model and an SAE at the hook point that its folder names. */
export async function openSubject(modelFolder: string, saeFolder: string, prompt: PromptInput): Promise<SteeringSubject> {
  const sessions = createModelSessions(openSession, await openModel(modelFolder), 'cpu')
  const encoder = await createEncoder(openSession, await openSae(saeFolder), 'cpu')
  const hook = encoder.sae.hook ?? ''
  const sae = { encoder, hook, reads: hook }
  const release = async (): Promise<void> => {
    await sessions.release()
    await encoder.release()
  }
  return { bench: { sessions, sae, versions: { test: '1' } }, sae, saeFile: join(saeFolder, 'sae_weights.safetensors'), prompt, release }
}

/** The strongest latent at the last position of the subject's prompt. */
export async function strongestLatent({ bench, sae, prompt }: SteeringSubject): Promise<{ latent: number; activation: number }> {
  const ids = promptIds(bench.sessions.model, prompt)
  const resid = await forwardResid(bench.sessions, ids, sae.hook)
  const { latents, Z } = await sae.encoder.encode(resid.data, ids.length)
  const last = Z.subarray((ids.length - 1) * latents.length)
  const best = last.indexOf(Math.max(...last))
  return { latent: latents[best] ?? -1, activation: last[best] ?? NaN }
}

/** Next-token logits of the subject's prompt with every hook value changed, through the suffix without a cache. */
export async function suffixLogits(
  { bench, sae, prompt }: SteeringSubject,
  change: (value: number, position: number, index: number) => number
): Promise<Float32Array> {
  const ids = promptIds(bench.sessions.model, prompt)
  const resid = await forwardResid(bench.sessions, ids, sae.hook)
  const width = bench.sessions.model.config.d_model
  const session = await bench.sessions.segment({ from: sae.hook, to: 'logits', cache: false })
  const outputs = await session.run({
    hook: f32(
      [1, ids.length, width],
      resid.data.map((value, index) => change(value, Math.floor(index / width), index % width))
    ),
    positions: i64([ids.length], [...ids.keys()]),
    select: i64([1], [ids.length - 1])
  })
  return floatsOf(outputs, 'logits')
}

/** An SAELens folder with seeded random weights at the middle of a tiny model. Rows are not of unit length on purpose. */
async function writeRandomSae(
  folder: string,
  architecture: (typeof ARCHITECTURES)[number],
  normalisation: string,
  d_in: number,
  d_sae: number
): Promise<void> {
  const random = randomStream(11)
  const tensor = (shape: number[], scale: number, shift = 0): TensorToWrite => ({
    dtype: 'F32',
    shape,
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => shift + scale * (2 * random() - 1))
  })
  const weights: Record<string, TensorToWrite> = {
    W_enc: tensor([d_in, d_sae], 0.5),
    b_enc: tensor([d_sae], 0.1),
    W_dec: tensor([d_sae, d_in], 0.3),
    b_dec: tensor([d_in], 0.1)
  }
  if (architecture === 'jumprelu') weights.threshold = tensor([d_sae], 0.1, 0.2)
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), weights)
  const hook_name = 'blocks.1.hook_resid_post'
  const config = {
    architecture,
    d_in,
    d_sae,
    ...(architecture === 'topk' ? { k: 8 } : {}),
    dtype: 'float32',
    apply_b_dec_to_input: true,
    normalize_activations: normalisation,
    reshape_activations: 'none',
    hook_name,
    metadata: { hook_name, model_name: 'tiny', prepend_bos: false }
  }
  await writeFile(join(folder, 'cfg.json'), JSON.stringify(config))
}
