/** Configurations: as JSON, as a model's config.json beside sound weights, as an SAE's cfg.json, as a tokenizer (tokenizer.json or tokenizer.model). */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { openModel } from '../../../src/main/models/open'
import { buildSegment } from '../../../src/main/models/segment'
import { openTokenizer } from '../../../src/main/models/tokenizer'
import { openSae } from '../../../src/main/saes/open'
import { readJsonObject } from '../../../src/main/tensors/json'
import type { Random } from '../../support/random-numbers'
import { spoilJson } from '../json'
import { mutate } from '../mutate'
import type { Seed, Snapshot, Target } from '../types'
import { TOKENIZERS } from './tokenizers'

const FIXTURES = resolve('tests/fixtures')
const load = (paths: readonly string[]): Seed[] => paths.map((name) => ({ name, bytes: readFileSync(join(FIXTURES, name)) }))
const craft = (random: Random, { bytes }: Seed): Buffer => Buffer.from(spoilJson(random, bytes.toString('utf8')))

/** Configurations of every model and of one SAE of each kind that has one. */
const modelPaths = readdirSync(join(FIXTURES, 'models')).map((name) => `models/${name}/config.json`)
const saePaths = [
  'gradsae/llama-tied-f16/sae-00-standard/cfg.json',
  'gradsae/llama-tied-f16/sae-02-jumprelu/cfg.json',
  'saes/sparsify/layers.3/cfg.json',
  'saes/dictionary-learning/topk/trainer_0/config.json',
  'saes/dictionary-learning/matryoshka/trainer_0/config.json'
]

/** Copies the folders of the seeds but for the files that are spoilt. */
const copyOf =
  (paths: readonly string[]) =>
  (folder: string): void => {
    for (const path of paths) {
      const from = dirname(path)
      mkdirSync(join(folder, from), { recursive: true })
      for (const { name } of readdirSync(join(FIXTURES, from), { withFileTypes: true }).filter((entry) => entry.isFile())) {
        if (name !== basename(path) && name !== 'golden.json') copyFileSync(join(FIXTURES, from, name), join(folder, from, name))
      }
    }
  }

/** The whole file stands for what was read of it: any touched byte may have changed it. */
const whole = (content: unknown): Snapshot =>
  new Map([['content', { digest: createHash('sha256').update(JSON.stringify(content)).digest('hex'), from: [[0, Infinity]] }]])

/** JSON.parse is the second reader: what is read must be the same. */
async function readJson(path: string): Promise<Snapshot> {
  const found = await readJsonObject(path)
  if (!isDeepStrictEqual(found, JSON.parse(readFileSync(path, 'utf8')))) throw new Error('the file was read as something else')
  if ('polluted' in {}) throw new Error('every object has a new property')
  return whole(found)
}

/** A model that opens must also be one whose forward pass can be built. */
async function readModel(path: string): Promise<Snapshot> {
  const model = await openModel(dirname(path))
  const { graph } = buildSegment(model, { from: 'tokens', to: 'logits', cache: true })
  return whole([model.config, graph.nodes.length])
}

async function readSae(path: string): Promise<Snapshot> {
  const { d_in, d_sae, gate, norm, hook } = await openSae(dirname(path))
  return whole([d_in, d_sae, gate, norm, hook])
}

/** With a run of letters that an expression like (a+)+$ would take ages for. */
const TEXT = `The quick brown fox,\n  12345 jumps <s> over «ünïcödé» 🦊 </s> ${'a'.repeat(40)}!`

/** A tokenizer that opens must give ids that it knows for any text, or refuse it. */
async function readTokenizer(path: string): Promise<Snapshot> {
  const tokenizer = await openTokenizer(dirname(path))
  const ids = tokenizer.encode(TEXT)
  const astray = ids.find((id) => !Number.isInteger(id) || id < 0)
  if (astray !== undefined) throw new Error(`${astray} is no id`)
  return whole([ids, ids.map((id) => tokenizer.token(id)), tokenizer.decode(ids), tokenizer.size])
}

const configs = load([...modelPaths, ...saePaths])
const modelConfigs = load(modelPaths)
const saeConfigs = load(saePaths)
/** SentencePiece's own files are bytes, not JSON: what is crafted is a splice of two of them, or lies about lengths. */
const sentencePieces = ['bpe-bytes', 'bpe-unknown', 'unigram-rules', 'unigram-symbols']
  .map((name) => load([`tokenizers/sentencepiece/${name}.model`]))
  .flat()
const craftBytes = (random: Random, seed: Seed): Buffer =>
  mutate(random, { ...seed, bytes: mutate(random, seed, sentencePieces).bytes }, sentencePieces).bytes

const tokenizers = [...load(['models/tiny-llama/tokenizer.json', 'gradsae/llama-tied-f16/tokenizer.json']), ...TOKENIZERS]
const asNamed = (seed: string): string => seed

export const json: Target = { name: 'json', file: () => 'case.json', seeds: () => configs, craft, read: readJson }
export const modelConfig: Target = {
  name: 'model-config',
  file: asNamed,
  seeds: () => modelConfigs,
  prepare: copyOf(modelPaths),
  craft,
  read: readModel
}
export const saeConfig: Target = {
  name: 'sae-config',
  file: asNamed,
  seeds: () => saeConfigs,
  prepare: copyOf(saePaths),
  craft,
  read: readSae
}
export const tokenizer: Target = { name: 'tokenizer', file: () => 'tokenizer.json', seeds: () => tokenizers, craft, read: readTokenizer }
export const sentencePiece: Target = {
  name: 'sentencepiece',
  file: () => 'tokenizer.model',
  seeds: () => sentencePieces,
  craft: craftBytes,
  read: readTokenizer
}
