/** `generate`: text from the model, steered or not. */
import { fail } from '../../../shared/errors'
import { GenerationSettings, type Recipe } from '../../../shared/records/steering'
import { parseIntervention } from '../../steering/interventions'
import type { Command, OptionValues } from '../command'
import { device, MODEL, number, optionalPath, pair, path, PREFLIGHT, prompt, PROMPT, SAE, text } from '../options'
import { deviceNotes } from '../print'
import { quietHandlerTask } from '../task'

export const generate: Command = {
  name: 'generate',
  summary: "text from the model, steered by interventions on an SAE's latents or not",
  options: {
    ...MODEL,
    ...PROMPT,
    ...SAE,
    ...PREFLIGHT,
    intervene: {
      type: 'string',
      multiple: true,
      value: 'SPEC',
      help: 'latent:mode:coefficient[@unit][:positions], any number of times; modes add, set, scale, ablate, clamp, project, cap; positions all, prompt, generated, last, or a range like 3-9'
    },
    'drop-error': { type: 'boolean', help: "write the edited reconstruction alone, without the SAE's error term" },
    'max-tokens': { type: 'string', value: 'N', help: '60 by default' },
    temperature: { type: 'string', value: 'T', help: '0 is greedy, the default' },
    'top-k': { type: 'string', value: 'K', help: '0 keeps all, the default' },
    'top-p': { type: 'string', value: 'P', help: '1 keeps all, the default' },
    seed: { type: 'string', value: 'S', help: '1 by default' },
    'no-stop': { type: 'boolean', help: "go on past the model's end-of-text token" }
  },
  async run(values, context) {
    const recipes = recipe(values)
    const input = {
      model: path(values, 'model', context),
      sae: optionalPath(values, 'sae', context),
      hook: text(values, 'hook') ?? null,
      ...(await pair(values, context)),
      device: device(values),
      prompt: prompt(values, context),
      recipes,
      settings: settings(values),
      target: null,
      score: false
    }
    if (recipes.length > 0 && input.sae === null) fail('USAGE', { reason: '--intervene needs --sae, the SAE whose latents are meant.' })
    const comparison = await context.engine()['steering.compare'](input, quietHandlerTask(context.task))
    const column = comparison.columns.at(-1)
    const tokens = column?.tokens ?? []
    return {
      json: {
        text: column?.text ?? '',
        tokens: tokens.map(({ id, text: shownText, logprob }) => ({ id, text: shownText, logprob })),
        finished: column?.finished
      },
      human: column?.text ?? '',
      notes: deviceNotes(comparison.provenance.device)
    }
  }
}

function recipe(values: OptionValues): Recipe[] {
  const specs = Array.isArray(values.intervene) ? values.intervene : []
  const dropError = values['drop-error'] === true
  if (specs.length === 0 && !dropError) return []
  return [{ id: 'cli', name: 'command line', interventions: specs.map((spec: string) => parseIntervention(spec)), keepError: !dropError }]
}

function settings(values: OptionValues): GenerationSettings {
  return GenerationSettings.parse({
    maxTokens: number(values, 'max-tokens', 60, { min: 1, max: 4096, integer: true }),
    temperature: number(values, 'temperature', 0, { min: 0, max: 10 }),
    topK: number(values, 'top-k', 0, { min: 0, max: 1e6, integer: true }),
    topP: number(values, 'top-p', 1, { min: Number.MIN_VALUE, max: 1 }),
    seed: number(values, 'seed', 1, { min: -(2 ** 31), max: 2 ** 32, integer: true }),
    stopAtEnd: values['no-stop'] !== true
  })
}
