/**
 * Folders of dictionary_learning: config.json, which names the class, and ae.pt, its state dict.
 * Source: dictionary_learning/dictionary.py and trainers/*.py.
 *
 *   AutoEncoder              f = relu(encoder(x - bias));                     y = decoder(f) + bias
 *   AutoEncoderNew           f = relu(encoder(x));                            y = decoder(f)
 *   GatedAutoEncoder         q = encoder(x - decoder_bias);  f = relu(exp(r_mag) q + mag_bias) where q + gate_bias > 0
 *   AutoEncoderTopK          f = relu(the k largest of encoder(x - b_dec));   y = decoder(f) + b_dec
 *   BatchTopKSAE             f = p where p = relu(encoder(x - b_dec)) > threshold, one number for all latents, as at inference
 *   MatryoshkaBatchTopKSAE   the same with W_enc, W_dec instead of layers; its groups matter in training only
 *   JumpReluAutoEncoder      p = x W_enc + b_enc;  f = relu(p) where p > threshold, one number for each latent
 *
 * Factors of the training data are folded into the weights when a run ends. SAELens's converter reads BatchTopKSAE as plain ReLU.
 */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readTensorFile, scalar, type TensorFile } from '../../tensors/tensor-file'
import type { Gate, Place, Sae, SaeFormat } from '../types'
import {
  fileFields,
  holdsOnly,
  invalid,
  layoutWeights,
  linearLayout,
  parseConfig,
  saeOf,
  Size,
  sizesOf,
  tensorsOf,
  type Layout
} from './common'

const CONFIG = 'config.json'
const WEIGHTS = 'ae.pt'
const EXTENSIONS = ['.pt', '.pth']

const Config = z.looseObject({
  trainer: z.looseObject({
    dict_class: z.string(),
    activation_dim: Size,
    dict_size: Size,
    k: Size.nullish(),
    layer: z.number().int().nonnegative().nullish(),
    lm_name: z.string().min(1).nullish(),
    submodule_name: z.string().nullish()
  })
})
type Trainer = z.infer<typeof Config>['trainer']

interface Class {
  readonly layout: Layout
  readonly subtractsBias: boolean
  readonly gate: 'relu' | 'gated' | 'topk' | 'batch topk' | 'jumprelu'
}

const linear = linearLayout('encoder', 'decoder')
const plain: Layout = {
  W_enc: 'W_enc',
  encoderByLatent: false,
  W_dec: 'W_dec',
  decoderByOutput: false,
  vectors: { b_enc: 'b_enc' },
  b_dec: 'b_dec'
}

const CLASSES: Readonly<Record<string, Class>> = {
  AutoEncoder: { layout: { ...linear, b_dec: 'bias' }, subtractsBias: true, gate: 'relu' },
  AutoEncoderNew: { layout: linear, subtractsBias: false, gate: 'relu' },
  GatedAutoEncoder: {
    layout: { ...linear, vectors: { r_mag: 'r_mag', b_gate: 'gate_bias', b_mag: 'mag_bias' }, b_dec: 'decoder_bias' },
    subtractsBias: true,
    gate: 'gated'
  },
  AutoEncoderTopK: { layout: { ...linear, b_dec: 'b_dec' }, subtractsBias: true, gate: 'topk' },
  BatchTopKSAE: { layout: { ...linear, b_dec: 'b_dec' }, subtractsBias: true, gate: 'batch topk' },
  MatryoshkaBatchTopKSAE: { layout: plain, subtractsBias: true, gate: 'batch topk' },
  JumpReluAutoEncoder: { layout: { ...plain, vectors: { b_enc: 'b_enc', threshold: 'threshold' } }, subtractsBias: false, gate: 'jumprelu' }
}

/** Classes that their tensors tell apart from the others. */
const LONE = ['AutoEncoder', 'AutoEncoderNew', 'GatedAutoEncoder'] as const

export const dictionaryLearning: SaeFormat = {
  format: 'dictionary_learning',
  looksLike: `${CONFIG} and ${WEIGHTS}`,
  matches: async (place) => {
    if (place.isFile) return (await isFolders(place)) || (await loneClass(place)) !== null
    return place.files.includes(CONFIG) && place.files.includes(WEIGHTS) && (await isTraining(join(place.path, CONFIG)))
  },
  read: async (place) => {
    if (!place.isFile) return readFolder(place.path)
    return (await isFolders(place)) ? readFolder(dirname(place.path)) : readLone(place)
  }
}

async function isTraining(config: string): Promise<boolean> {
  const found = existsSync(config) ? await readJsonObject(config).catch(() => null) : null
  return found !== null && typeof found.trainer === 'object'
}

/** Whether the file is the weights of a folder that says what they are. */
async function isFolders({ path }: Place): Promise<boolean> {
  return basename(path) === WEIGHTS && (await isTraining(join(dirname(path), CONFIG)))
}

/**
 * The class of a state dict without its config.json, where the names of its tensors leave no choice. The four of AutoEncoderNew are
 * those of any two linear layers; a release that is called by its own name is left to that one's format.
 */
async function loneClass(place: Place): Promise<string | null> {
  const file = await tensorsOf(place, EXTENSIONS)
  if (/^deepseek/i.test(basename(place.path))) return null
  return LONE.find((name) => holdsOnly(file, namesOf(CLASSES[name]))) ?? null
}

function namesOf(known: Class | undefined): string[] {
  if (known === undefined) return []
  const { W_enc, W_dec, b_dec, vectors } = known.layout
  return [W_enc, W_dec, b_dec, ...Object.values(vectors)]
}

/** @throws FILE_MISSING, TORCH_INVALID, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function readLone(place: Place): Promise<Sae> {
  const name = (await loneClass(place)) ?? ''
  const [file, known] = [await tensorsOf(place, EXTENSIONS), CLASSES[name]]
  if (file === null || known === undefined) return fail('FILE_MISSING', { path: place.path })
  const hint = `whether the file is a state dict of ${name}`
  const sizes = sizesOf(file, known.layout, hint)
  return saeOf({
    ...(await fileFields(file)),
    format: dictionaryLearning.format,
    architecture: name,
    ...sizes,
    ...layoutWeights(file, known.layout, sizes, hint),
    gate: { kind: known.gate === 'gated' ? 'gated' : 'relu' },
    inBias: known.subtractsBias ? 'b_dec' : null,
    hook: null,
    notes: [`There is no ${CONFIG} beside it; the class ${name} is taken from the names of its tensors.`]
  })
}

/** @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN, TORCH_INVALID, PICKLE_REFUSED, TENSOR_* */
async function readFolder(folder: string): Promise<Sae> {
  const path = join(folder, CONFIG)
  const { trainer } = parseConfig(Config, await readJsonObject(path), path)
  const { dict_class, activation_dim: d_in, dict_size: d_sae, lm_name } = trainer
  const known = Object.hasOwn(CLASSES, dict_class) ? CLASSES[dict_class] : undefined
  if (known === undefined) return fail('SAE_ARCHITECTURE_UNKNOWN', { found: dict_class, path, supported: Object.keys(CLASSES).join(', ') })
  const file = await readTensorFile(join(folder, WEIGHTS))
  refuseTrainingState(file, known)
  const weights = layoutWeights(file, known.layout, { d_in, d_sae }, `dict_class in ${CONFIG}`)
  const { gate, notes } = await gateOf(known, trainer, file, path)
  return saeOf({
    path: folder,
    folder,
    name: `${basename(dirname(folder))}/${basename(folder)}`,
    format: dictionaryLearning.format,
    architecture: dict_class,
    d_in,
    d_sae,
    ...weights,
    gate,
    inBias: known.subtractsBias ? 'b_dec' : null,
    hook: hookOf(trainer),
    modelName: lm_name ?? null,
    nominalL0: trainer.k ?? null,
    hash: await hashFiles([path, file.path]),
    bytes: file.bytes,
    notes
  })
}

/** Checkpoints of a run in progress nest the dictionary beside its optimizer, before factors are folded in. */
function refuseTrainingState({ path, tensors }: TensorFile, { layout }: Class): void {
  if (tensors.has(layout.W_enc)) return
  const nested = [...tensors.keys()].find((name) => name.endsWith(`.${layout.W_enc}`))
  if (nested !== undefined) invalid(path, `it is the state of a training run (${nested}), not the finished dictionary`)
}

async function gateOf({ gate }: Class, trainer: Trainer, file: TensorFile, path: string): Promise<{ gate: Gate; notes: string[] }> {
  switch (gate) {
    case 'relu':
    case 'gated':
      return { gate: { kind: gate }, notes: [] }
    case 'jumprelu':
      return { gate: { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false }, notes: [] }
    case 'topk':
      return { gate: await topK(trainer, file, path), notes: [] }
    case 'batch topk': {
      const threshold = has(file, 'threshold') ? await scalar(file, 'threshold') : -1
      if (threshold >= 0) {
        const note = `The k of training became one threshold, ${Number(threshold.toPrecision(4))}, for all latents, so a position may have more or fewer active ones.`
        return { gate: { kind: 'jumprelu', threshold, timesDecoderNorm: false }, notes: [note] }
      }
      const note = 'Its threshold was never set in training, so the k largest of each position are kept instead.'
      return { gate: await topK(trainer, file, path), notes: [note] }
    }
  }
}

/** k stands in both files, and dictionary_learning refuses when they differ. */
async function topK(trainer: Trainer, file: TensorFile, path: string): Promise<Gate> {
  const stored = has(file, 'k') ? await scalar(file, 'k') : undefined
  const k = trainer.k ?? stored ?? invalid(path, 'trainer.k, the number of active latents per position, is missing')
  if (stored !== undefined && stored !== k) invalid(path, `trainer.k is ${k}, but k in ${WEIGHTS} is ${stored}`)
  if (!Number.isInteger(k) || k < 1 || k > trainer.dict_size) invalid(path, `k is ${k}, but there are ${trainer.dict_size} latents`)
  return { kind: 'topk', k, byDecoderNorm: false }
}

function has({ tensors, values }: TensorFile, name: string): boolean {
  return tensors.has(name) || values.has(name)
}

/** The submodule's name is free text; the training scripts write "resid_post_layer_8", "attention_out_layer_3", "mlp_out_layer_3". */
function hookOf({ layer, submodule_name }: Trainer): string | null {
  if (layer === undefined || layer === null) return null
  const named = submodule_name ?? ''
  if (/att(n|ention)_out/.test(named)) return `blocks.${layer}.hook_attn_out`
  if (/mlp_out/.test(named)) return `blocks.${layer}.hook_mlp_out`
  if (/resid_pre/.test(named)) return `blocks.${layer}.hook_resid_pre`
  return `blocks.${layer}.hook_resid_post`
}
