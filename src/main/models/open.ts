/** Opens a Hugging Face model folder: config.json, model.safetensors, a tokenizer. Weights stay where they are. */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fail } from '../../shared/errors'
import type { ModelInfo } from '../../shared/records/model'
import { estimateOf } from '../runtime/machine'
import { failToRead } from '../tensors/files'
import { hashFiles } from '../tensors/hash'
import { readJsonObject } from '../tensors/json'
import { ARCHITECTURES } from './architectures'
import { readChatTemplate } from './chat-file'
import { endIds, unsupported } from './config'
import { modelMemory } from './memory'
import { openTokenizer } from './tokenizer'
import { TOKENIZER_FILES, tokenizerPaths } from './tokenizer-sources'
import type { Architecture, Model } from './types'
import { countParameters, precisionOf, readWeights, weightFiles } from './weights'

/**
 * Reads and checks everything of a model but its weights' values.
 * @throws FILE_MISSING, FILE_UNREADABLE, MODEL_FOLDER_INVALID, JSON_INVALID, MODEL_CONFIG_INVALID, ARCHITECTURE_UNKNOWN,
 * MODEL_FEATURE_UNSUPPORTED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE, TOKENIZER_INVALID, CHAT_TEMPLATE_INVALID, and what `readTensorFile` throws
 */
export async function openModel(given: string): Promise<Model> {
  const folder = resolve(given)
  await checkFolder(folder)
  const configPath = join(folder, 'config.json')
  const rawConfig = await readJsonObject(configPath)
  const architecture = architectureOf(rawConfig, configPath)
  if (rawConfig.quantization_config) unsupported(configPath, 'quantised weights', 'Choose the float32, float16 or bfloat16 version of the model.')
  const config = architecture.readConfig(rawConfig, configPath)
  const required = architecture.requiredWeights(config, rawConfig)
  const weights = await readWeights(await weightFiles(folder), required, architecture.prefixes)
  const [tokenizer, chat, eosIds, hash] = await Promise.all([
    openTokenizer(folder, config.d_vocab),
    readChatTemplate(folder),
    generationEndIds(folder),
    hashFiles([configPath, ...tokenizerPaths(folder), ...weights.paths])
  ])
  return {
    folder,
    name: modelName(folder),
    architecture,
    config: { ...config, eosIds: [...new Set([...config.eosIds, ...eosIds])] },
    rawConfig,
    weights: weights.refs,
    extraTensors: weights.extra,
    tokenizer,
    chat,
    hash,
    precision: precisionOf(weights.refs),
    parameters: countParameters(weights.refs),
    bytes: weights.bytes
  }
}

/** What the window and saved records know of a model. */
export function modelInfo(model: Model): ModelInfo {
  const { d_model, n_layers, n_heads, n_kv_heads, d_head, d_mlp, d_vocab, n_ctx } = model.config
  return {
    path: model.folder,
    name: model.name,
    family: model.architecture.family,
    d_model,
    n_layers,
    n_heads,
    n_kv_heads,
    d_head,
    d_mlp,
    d_vocab,
    n_ctx,
    precision: model.precision,
    parameters: model.parameters,
    bytes: model.bytes,
    hash: model.hash,
    hookPoints: [...model.architecture.hookPoints(model.config, model.rawConfig)],
    memoryEstimate: estimateOf(modelMemory(model)),
    readPoints: [...model.architecture.readPoints(model.config, model.rawConfig)],
    chat: model.chat !== null
  }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => failToRead(folder, error))
  if (!found.isDirectory()) fail('MODEL_FOLDER_INVALID', { path: folder, reason: 'it is a file' })
  if (!existsSync(join(folder, 'config.json'))) fail('MODEL_FOLDER_INVALID', { path: folder, reason: 'config.json is missing' })
  if (tokenizerPaths(folder).length === 0) {
    fail('MODEL_FOLDER_INVALID', { path: folder, reason: `its tokenizer is missing (one of: ${TOKENIZER_FILES})` })
  }
}

function architectureOf(raw: Readonly<Record<string, unknown>>, path: string): Architecture {
  const type = typeof raw.model_type === 'string' ? raw.model_type : ''
  const found = ARCHITECTURES.find(({ modelTypes }) => modelTypes.includes(type))
  const supported = ARCHITECTURES.flatMap(({ modelTypes }) => modelTypes).join(', ')
  return found ?? fail('ARCHITECTURE_UNKNOWN', { found: type, path, supported })
}

/** generation_config.json often names further ends of text, such as the end of a chat turn. */
async function generationEndIds(folder: string): Promise<number[]> {
  const path = join(folder, 'generation_config.json')
  return existsSync(path) ? endIds((await readJsonObject(path)).eos_token_id) : []
}

/** The folder's name; a folder that is only called "model" is known by the one around it. */
function modelName(folder: string): string {
  const own = basename(folder)
  return own === 'model' ? basename(join(folder, '..')) || own : own
}
