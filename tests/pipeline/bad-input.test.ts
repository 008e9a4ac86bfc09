/** Files and requests that are wrong, through the engine as a person meets them: each is refused by its own text, at once. */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { handlerTask, openEngine } from '../support/engine'
import { failureOf } from '../support/failing'
import { temporaryFolder } from '../support/folder'
import { GOLDEN_CASES } from '../support/golden-cases'
import { changeJson, changeTensor } from '../support/spoil'

const engine = openEngine()
const folderOf = (name: string): string =>
  GOLDEN_CASES.find(({ model }) => model.endsWith(name))?.model ?? expect.fail(`there is a model ${name}`)
const LLAMA = folderOf('llama-tied-f16')
const SHARDED = folderOf('llama-sharded-biased')
const SAE = 'sae-00-standard'
/** No refusal may take long: it comes before anything large is read or allocated. */
const PATIENCE = 5000

/** Copies a model with its SAEs, spoils it, ranks with it and returns what that fails with, `$` standing for the folder. */
async function refusal(spoil: (model: string, sae: string) => Promise<unknown>, from = LLAMA, saeName = SAE): Promise<string> {
  const model = join(await temporaryFolder(), 'model')
  await cp(from, model, { recursive: true })
  const sae = join(model, saeName)
  await spoil(model, sae)
  const input = { model, sae, hook: null, device: 'cpu' as const, prompt: { ids: [1, 2, 3] }, method: 'gradsae' as const }
  const started = performance.now()
  const text = await failureOf(() => engine['attribution.rank']({ ...input, target: null, includeSpecial: true }, handlerTask()))
  expect(performance.now() - started).toBeLessThan(PATIENCE)
  return text.replaceAll(model, '$')
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const makeFolder = async (path: string): Promise<unknown> => rm(path).then(() => mkdir(path))
const makePipe = async (path: string): Promise<unknown> => rm(path, { force: true }).then(() => execFileSync('mkfifo', [path]))
const withHeader = (length: bigint, rest: string): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(length)
  return Buffer.concat([bytes, Buffer.from(rest)])
}

describe('a file that is something else', () => {
  it.each<[string, (model: string, sae: string) => Promise<unknown>, string]>([
    ['config.json is a folder', (m) => makeFolder(join(m, 'config.json')), '$/config.json cannot be read: it is a folder.'],
    ['the weights are a folder', (m) => makeFolder(join(m, 'model.safetensors')), '$/model.safetensors cannot be read: it is a folder.'],
    [
      'the weights are a pipe',
      (m) => makePipe(join(m, 'model.safetensors')),
      '$/model.safetensors cannot be read: it is not a regular file.'
    ],
    ['the tokenizer is a pipe', (m) => makePipe(join(m, 'tokenizer.json')), '$/tokenizer.json cannot be read: it is not a regular file.'],
    [
      'config.json has a gigabyte',
      (m) => truncate(join(m, 'config.json'), 2 ** 30),
      '$/config.json cannot be read: it has 1073741824 bytes, more than the 67108864 that are read.'
    ]
  ])('%s', async (_, spoil, text) => expect(await refusal(spoil)).toBe(`${text} Check the permissions of the file and its folder.`))
})

describe('weights', () => {
  const damaged = (reason: string): string =>
    `$/model.safetensors is not a valid safetensors file: ${reason} The file is damaged or was cut off while downloading; download it again.`
  const file = (m: string): string => join(m, 'model.safetensors')

  it.each<[string, (model: string) => Promise<unknown>, string]>([
    ['of no bytes', (m) => truncate(file(m), 0), 'it has 0 bytes, fewer than the 8 of the header length.'],
    ['cut off', (m) => truncate(file(m), 9000), 'it is cut off: 9000 of 27792 bytes are there.'],
    [
      'whose header claims more than any header',
      (m) => writeFile(file(m), Buffer.alloc(64, 255)),
      'its header claims 18446744073709551615 bytes, more than the 16777216 allowed.'
    ],
    [
      'whose header claims more than there is',
      (m) => writeFile(file(m), withHeader(99n, '{}')),
      'its header claims 99 bytes, but only 2 follow.'
    ],
    ['whose header is no JSON', (m) => writeFile(file(m), withHeader(4n, '{"a"')), 'its header is not a JSON object.'],
    [
      'whose header is nested without end',
      (m) => writeFile(file(m), withHeader(200_006n, `{"a":${nested(100_000)}}`)),
      'its header is more than is read: it nests more than 64 levels deep.'
    ]
  ])('%s', async (_, spoil, reason) => expect(await refusal(spoil)).toBe(damaged(reason)))

  it('in shards that are missing, not named, or outside the folder', async () => {
    const index = (m: string): string => join(m, 'model.safetensors.index.json')
    const sae = 'sae-03-standard'
    expect(await refusal((m) => rm(join(m, 'model-00002-of-00002.safetensors')), SHARDED, sae)).toBe(
      '$/model-00002-of-00002.safetensors does not exist. Check the path, or choose the folder again.'
    )
    const advice = 'Choose a Hugging Face folder with config.json, tokenizer.json and model.safetensors or pytorch_model.bin.'
    expect(await refusal((m) => changeJson(index(m), { weight_map: {} }), SHARDED, sae)).toBe(
      `$ is not a model folder: the weight_map of model.safetensors.index.json is empty. ${advice}`
    )
    expect(await refusal((m) => changeJson(index(m), { weight_map: { a: '../b' } }), SHARDED, sae)).toBe(
      `$ is not a model folder: model.safetensors.index.json names "../b", which is not a file of the folder. ${advice}`
    )
  })

  it.each(['sae-00-standard', 'sae-01-topk', 'sae-02-jumprelu'])(
    'of NaN anywhere in the encoder of %s are not passed over in silence',
    async (sae) => {
      for (const name of ['W_enc', 'b_enc', ...(sae.endsWith('jumprelu') ? ['threshold'] : [])]) {
        const spoil = (_: string, folder: string): Promise<void> =>
          changeTensor(join(folder, 'sae_weights.safetensors'), name, (value, at) => (at === 5 ? NaN : value))
        expect(await refusal(spoil, LLAMA, sae)).toBe(
          `The model produced numbers that are not finite while encoding with the SAE ${sae}. Use a smaller coefficient, or run on the CPU.`
        )
      }
    }
  )

  it('of NaN in the model are not passed over either', async () => {
    const spoil = (m: string): Promise<void> => changeTensor(join(m, 'model.safetensors'), 'model.norm.weight', () => NaN)
    expect(await refusal(spoil)).toBe(
      'The model produced numbers that are not finite while taking the gradient. Use a smaller coefficient, or run on the CPU.'
    )
  })
})

describe('a config that claims sizes beyond reason', () => {
  it.each(['vocab_size', 'hidden_size', 'num_attention_heads', 'head_dim', 'num_hidden_layers', 'intermediate_size'])('%s', async (key) => {
    expect(await refusal((m) => changeJson(join(m, 'config.json'), { [key]: 2 ** 45 }))).toContain(
      `$/config.json does not describe a usable model: its "${key}" is not usable (Too big: `
    )
  })

  it('d_sae, d_in and k of an SAE', async () => {
    const cfg = (change: Record<string, unknown>) => (_: string, s: string) => changeJson(join(s, 'cfg.json'), change)
    const shape = (found: string): string =>
      `The tensor W_enc in $/${SAE}/sae_weights.safetensors has the shape [24, 37], but [${found}] is needed. The weights and the config do not belong together; download both again from one source.`
    expect(await refusal(cfg({ d_sae: 2 ** 45 }))).toBe(shape('24, 35184372088832'))
    expect(await refusal(cfg({ d_in: 30 }))).toBe(shape('30, 37'))
    expect(await refusal(cfg({ k: 2 ** 40 }), LLAMA, 'sae-01-topk')).toBe(
      '$/sae-01-topk/cfg.json does not describe a usable SAE: k is 1099511627776, but there are only 37 latents. Download cfg.json again.'
    )
  })
})

describe('a tokenizer', () => {
  const file = (m: string): string => join(m, 'tokenizer.json')
  const unusable = (reason: string): string =>
    `The tokenizer in $/tokenizer.json cannot be used: ${reason}. Download it again from the model's page. If it is published like this, the model cannot be used here.`
  /** Written as text: JSON.stringify itself gives up on such depths. */
  const nestStages = async (m: string): Promise<void> => {
    const [open, close] = ['{"type":"Sequence","pretokenizers":[', ']}']
    const text = await readFile(file(m), 'utf8')
    await changeJson(file(m), { pre_tokenizer: '@' })
    const stage = JSON.stringify({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true })
    expect(text).toContain('ByteLevel')
    await writeFile(file(m), (await readFile(file(m), 'utf8')).replace('"@"', open.repeat(6000) + stage + close.repeat(6000)))
  }

  it.each<[string, (model: string) => Promise<unknown>, string]>([
    [
      'without a model',
      (m) => writeFile(file(m), '{}'),
      unusable('model is not as expected (Invalid input: expected object, received undefined)')
    ],
    [
      'with negative ids',
      (m) => changeJson(file(m), { model: { type: 'BPE', vocab: { a: -1 }, merges: [] } }),
      unusable('the id of its piece "a" is no whole number')
    ],
    [
      'with a broken pattern',
      (m) => changeJson(file(m), { pre_tokenizer: { type: 'Split', pattern: { Regex: '((' }, behavior: 'Isolated' } }),
      unusable('its regular expression (( cannot be read (Invalid regular expression: /((/gu: Unterminated group)')
    ],
    [
      'with stages nested without end',
      nestStages,
      '$/tokenizer.json is not valid JSON: it nests more than 64 levels deep. Download the file again.'
    ],
    [
      'that is no JSON',
      (m) => writeFile(file(m), '{'),
      "$/tokenizer.json is not valid JSON: Expected property name or '}' in JSON at position 1. Download the file again."
    ]
  ])('%s', async (_, spoil, text) => expect((await refusal(spoil)).replace(/ \(line 1 column 2\)/, '')).toBe(text))
})

describe('labels', () => {
  it('that are garbage are refused with their line, and a pipe in their place is not waited for', async () => {
    const labels = async (spoil: (path: string) => Promise<unknown>): Promise<string> => {
      const sae = join(await temporaryFolder(), SAE)
      await cp(join(LLAMA, SAE), sae, { recursive: true })
      await spoil(join(sae, 'latents.jsonl'))
      return (await failureOf(() => engine['latents.labels']({ sae }, handlerTask()))).replaceAll(sae, '$')
    }
    const advice = 'Restore the file, or remove it to work without labels.'
    expect(await labels((path) => writeFile(path, '{"id":1,"label":"a"}\n\u0000\u0001garbage\n'))).toMatch(
      /^\$\/latents\.jsonl cannot be used: line 2: Unexpected token .* Restore the file, or remove it to work without labels\.$/s
    )
    expect(await labels((path) => writeFile(path, '{"id":37,"label":"a"}\n'))).toBe(
      `$/latents.jsonl cannot be used: line 1: there is no latent 37: they are numbered 0 to 36. ${advice}`
    )
    expect(await labels(makePipe)).toBe(
      '$/latents.jsonl cannot be read: it is not a regular file. Check the permissions of the file and its folder.'
    )
  })
})

describe('an SAE', () => {
  it('whose cfg.json is a folder has none', async () => {
    expect(await refusal((_, s) => makeFolder(join(s, 'cfg.json')))).toContain(
      `$/${SAE} is not an SAE: cfg.json is missing beside sae_weights.safetensors.`
    )
  })

  it('whose scale is missing, or is no number, is refused with what would help', async () => {
    const text = `The SAE in $/${SAE} was trained on scaled activations, and its files do not hold the scale. Run the preflight, which estimates it; or give it (reading: scale), or add activation_scaler.json.`
    const scaled = (s: string): Promise<void> => changeJson(join(s, 'cfg.json'), { normalize_activations: 'expected_average_only_in' })
    expect(await refusal((_, s) => scaled(s))).toBe(text)
    expect(await refusal((_, s) => scaled(s).then(() => writeFile(join(s, 'activation_scaler.json'), '{"scaling_factor":"x"}')))).toBe(text)
  })
})
