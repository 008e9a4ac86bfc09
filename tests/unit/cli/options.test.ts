import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OptionValues } from '../../../src/main/cli/command'
import { attribute } from '../../../src/main/cli/commands/attribute'
import { generate } from '../../../src/main/cli/commands/generate'
import { logits } from '../../../src/main/cli/commands/logits'
import { report } from '../../../src/main/cli/commands/report'
import { preflight } from '../../../src/main/cli/commands/preflight'
import { prompt } from '../../../src/main/cli/options'
import { failureOf } from '../../support/failing'

/** Options are refused before anything is opened: asking for the engine fails the test. */
const context = {
  engine: () => expect.fail('the engine was asked for'),
  task: { signal: new AbortController().signal, progress: () => undefined },
  cwd: '/nowhere',
  bundledModels: '/nowhere',
  resources: '/nowhere',
  scratch: '/nowhere',
  version: 'test'
}
const HELP = 'Run "npm run cli -- --help" for the commands and their options.'
const model = { model: 'm' }
const both = { ...model, sae: 's', prompt: 'a' }

it.each<[string, typeof logits, OptionValues, string]>([
  ['no model', logits, { prompt: 'a' }, '--model is missing.'],
  ['no prompt', logits, model, '--prompt is missing (or give --tokens, --user or --chat).'],
  ['a prompt beside tokens', logits, { ...model, prompt: 'a', tokens: '1' }, 'Give --prompt or --tokens, not both.'],
  ['a prompt beside a chat', logits, { ...model, prompt: 'a', user: 'b' }, 'Give --prompt or --user, not both.'],
  ['a system prompt without a turn', logits, { ...model, system: 'a' }, '--system goes with --user.'],
  ['a token that is no id', logits, { ...model, tokens: '1,x' }, '--tokens takes ids such as 1,2,3, not "x".'],
  ['a token that is no whole number', logits, { ...model, tokens: '1.5' }, '--tokens takes ids such as 1,2,3, not "1.5".'],
  ['a token left out', logits, { ...model, tokens: '1,,2' }, '--tokens takes ids such as 1,2,3, not "".'],
  ['a number below its range', logits, { ...model, prompt: 'a', top: '0' }, '--top takes a whole number from 1 to 1000, not "0".'],
  ['a number that is none', logits, { ...model, prompt: 'a', top: 'ten' }, '--top takes a whole number from 1 to 1000, not "ten".'],
  ['a number left empty', logits, { ...model, prompt: 'a', top: ' ' }, '--top takes a whole number from 1 to 1000, not " ".'],
  [
    'two targets',
    attribute,
    { ...both, target: ['b'], 'target-id': ['3'] },
    'Give --target or --target-id once; several need --against, too.'
  ],
  [
    'a target beside a continuation',
    attribute,
    { ...both, target: ['b'], continuation: 'c' },
    'Give --target, --continuation or --span, not several of them.'
  ],
  [
    'an unknown method',
    attribute,
    { ...both, method: 'ig' },
    '--method takes one of gradsae, attribution, counterfactual, integrated-gradients, gradient, mean-activation, max-activation, direct-logit, exact, random, not "ig".'
  ],
  [
    'an unknown sign rule',
    attribute,
    { ...both, aggregation: 'sum' },
    '--aggregation takes one of mean-relu, signed-sum, absolute-sum, mean, max, not "sum".'
  ],
  [
    'a scope that ends before it begins',
    attribute,
    { ...both, scope: '5:2' },
    '--scope takes all, last, or two positions such as 3:7, not "5:2".'
  ],
  [
    'something that cannot be frozen',
    attribute,
    { ...both, freeze: 'attention,mlp' },
    '--freeze takes attention,norms or one of them, not "mlp".'
  ],
  ['no steps at all', attribute, { ...both, steps: '0' }, '--steps takes a whole number from 1 to 1000, not "0".'],
  [
    'two counterfactuals',
    attribute,
    { ...both, counterfactual: 'b', 'counterfactual-tokens': '1' },
    'Give --counterfactual or --counterfactual-tokens, not both.'
  ],
  ['a temperature below 0', generate, { ...both, temperature: '-1' }, '--temperature takes a number from 0 to 10, not "-1".'],
  [
    'interventions without an SAE',
    generate,
    { ...model, prompt: 'a', intervene: ['3:add:1'] },
    '--intervene needs --sae, the SAE whose latents are meant.'
  ],
  ['a reading that is no JSON', attribute, { ...both, reading: '{centred' }, '--reading is not JSON: REASON.'],
  ['a preflight beside a reading', attribute, { ...both, preflight: 'p.json', reading: '{}' }, 'Give --preflight or --reading, not both.'],
  ['an unknown report format', report, { project: 'x', out: 'x.pdf' }, 'There is no report format "pdf"; there are html, csv, json.']
])('%s is refused', async (_, command, values, text) => {
  // What the JSON parser says differs between versions of Node.
  const found = (await failureOf(() => command.run(values, context))).replace(/(is not JSON: ).*(?=\. Run)/, '$1REASON')
  expect(found).toBe(`${text} ${HELP}`)
})

it('a device that nobody knows is refused, naming those there are', async () => {
  expect(await failureOf(() => logits.run({ ...model, prompt: 'a', device: 'tpu' }, context))).toBe(
    'The device "tpu" is not available here: there is no such device. Available devices are: auto, cpu, webgpu, cuda, dml, coreml.'
  )
})

it('an intervention is refused with how one is written', async () => {
  expect(await failureOf(() => generate.run({ ...both, intervene: ['3:push:1'] }, context))).toBe(
    'The intervention "3:push:1" cannot be used: the mode "push" is not one of add, set, scale, ablate, clamp, project, cap. Write latent:mode:coefficient[@unit][:positions], for example 402:add:8:all or 402:add:0.3@residual:3-9.'
  )
})

it.each([
  ['{"centered": true}', 'Unrecognized key'],
  ['{"scale": -1}', 'expected number to be >0']
])('the reading %s is refused with the choices there are', async (reading, reason) => {
  const found = await failureOf(() => preflight.run({ ...model, sae: 's', reading }, context))
  expect(found).toContain(
    '--reading takes a JSON object with some of format, hook, hookOut, centred, prependBos, subtractDecoderBias, scale'
  )
  expect(found).toContain(reason)
})

describe('a chat', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-options-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (content: string): string => {
    writeFileSync(join(folder, 'chat.json'), content)
    return 'chat.json'
  }

  it('is a turn of the user, with a system prompt or without', () => {
    expect(prompt({ user: 'Hello' })).toEqual({ chat: [{ role: 'user', content: 'Hello' }] })
    expect(prompt({ user: 'Hello', system: 'Be brief.' })).toEqual({
      chat: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' }
      ]
    })
  })

  it('is what a file holds, found from where the command was typed', () => {
    const turns = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' }
    ]
    expect(prompt({ chat: file(JSON.stringify(turns)) }, { cwd: folder })).toEqual({ chat: turns })
  })

  it('is refused where the file holds something else', async () => {
    const of = (content: string): Promise<string> => failureOf(() => prompt({ chat: file(content) }, { cwd: folder }))
    expect(await of('[{"role": "tool", "content": "a"}]')).toContain('--chat takes a list such as [{"role": "user", "content": "Hello"}]')
    expect(await of('{"role": "user"}')).toContain('chat.json is not that.')
    expect(await of('[')).toContain('chat.json is not valid JSON')
    expect(await failureOf(() => prompt({ chat: 'none.json' }, { cwd: folder }))).toContain('none.json does not exist.')
    expect(await failureOf(() => prompt({ chat: '.' }, { cwd: folder }))).toContain('cannot be read: EISDIR')
  })
})
