/** `steer`: recipes at several strengths and seeds on one prompt or many, scored; goes on where it was interrupted. */
import { fail } from '../../../shared/errors'
import type { SetPrompt } from '../../../shared/records/sets'
import type { Recipe } from '../../../shared/records/steering'
import { readPrompts } from '../../sets/read'
import type { Command, CommandContext, OptionValues } from '../command'
import { absolute, device, MODEL, number, optionalPath, pair, path, PREFLIGHT, PROMPT, prompt, SAE, text } from '../options'
import { resultText } from '../result-text'
import { quietHandlerTask } from '../task'
import { keptText, runInto } from './experiment'

export const steer: Command = {
  name: 'steer',
  summary: 'recipes at several strengths and seeds, with scores that need no judge; goes on where it was interrupted',
  options: {
    ...MODEL,
    ...PROMPT,
    ...SAE,
    ...PREFLIGHT,
    prompts: { type: 'string', value: 'FILE', help: '.jsonl or .csv of prompts, instead of one' },
    recipe: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      help: 'a recipe (.json) or vectors (.safetensors, .gguf, .npy); any number of times'
    },
    coefficients: {
      type: 'string',
      value: 'A,B',
      help: 'strengths, factors on what recipes add or set; 0.25,0.5,1,2,4 by default. 0 always runs'
    },
    seeds: { type: 'string', value: '1,2', help: 'seeds of the texts; 1 by default' },
    'max-tokens': { type: 'string', value: 'N', help: '40 by default' },
    temperature: { type: 'string', value: 'T', help: '0 is greedy; 0.7 by default' },
    'top-k': { type: 'string', value: 'K', help: '0 keeps all, the default' },
    'top-p': { type: 'string', value: 'P', help: '1 keeps all, the default' },
    target: { type: 'string', value: 'TOKEN', help: 'a token whose probability is watched, with its space' },
    keywords: { type: 'string', value: 'A,B', help: 'words that count as the concept' },
    pattern: { type: 'string', value: 'RE2', help: 'a regular expression whose matches count as the concept' },
    relatedness: { type: 'boolean', help: 'score texts against the other prompts too' },
    out: { type: 'string', value: 'DIR', help: 'folder of the parts, the result, its manifest and tables' }
  },
  async run(values, context) {
    const out = path(values, 'out', context)
    const { reading } = await pair(values, context)
    const bench = { model: path(values, 'model', context), sae: path(values, 'sae', context), hook: text(values, 'hook') ?? null, reading }
    const settings = {
      recipes: await recipesOf(values, bench.model, context),
      ...numbersOf(values, 'coefficients'),
      ...numbersOf(values, 'seeds'),
      maxTokens: number(values, 'max-tokens', 40, { min: 1, max: 1024, integer: true }),
      temperature: number(values, 'temperature', 0.7, { min: 0, max: 10 }),
      topK: number(values, 'top-k', 0, { min: 0, max: 1e6, integer: true }),
      topP: number(values, 'top-p', 1, { min: Number.MIN_VALUE, max: 1 }),
      target: text(values, 'target') ?? '',
      keywords: text(values, 'keywords') ?? '',
      pattern: text(values, 'pattern') ?? '',
      relatedness: values.relatedness === true
    }
    const prompts = await promptsOf(values, context)
    const { result, paths, kept } = await runInto(
      out,
      { ...bench, device: device(values), experiment: 'sweep', settings, prompts },
      context
    )
    return { json: { result, files: paths }, human: [resultText(result), '', ...keptText(kept), ...paths].join('\n') }
  }
}

async function recipesOf(values: OptionValues, model: string, context: CommandContext): Promise<Recipe[]> {
  const files = (Array.isArray(values.recipe) ? values.recipe : []).map((file: string) => absolute(file, context))
  if (files.length === 0) return fail('USAGE', { reason: '--recipe is missing: the recipe that is run.' })
  const recipes: Recipe[] = []
  for (const file of files) {
    const { recipe } = await context.engine()['steering.import']({ path: file, model, hook: null }, quietHandlerTask(context.task))
    recipes.push(withIds(recipe, `recipe ${recipes.length + 1}`))
  }
  return recipes
}

/** Ids are made anew at each import; a run that goes on must find the same ones. */
function withIds(recipe: Recipe, id: string): Recipe {
  const { directions, interventions } = recipe
  const named = new Map(directions?.map((direction, at) => [direction.id, `direction ${at + 1}`]))
  return {
    ...recipe,
    id,
    ...(directions ? { directions: directions.map((direction) => ({ ...direction, id: named.get(direction.id) ?? direction.id })) } : {}),
    interventions: interventions.map((edit) =>
      edit.direction === undefined ? edit : { ...edit, direction: named.get(edit.direction) ?? edit.direction }
    )
  }
}

function numbersOf(values: OptionValues, name: 'coefficients' | 'seeds'): Partial<Record<typeof name, number[]>> {
  const given = text(values, name)
  if (given === undefined) return {}
  const numbers = given.split(',').map((word) => (word.trim() === '' ? NaN : Number(word)))
  if (!numbers.every(Number.isFinite)) return fail('USAGE', { reason: `--${name} takes numbers parted by commas, not "${given}".` })
  return { [name]: numbers }
}

async function promptsOf(values: OptionValues, context: CommandContext): Promise<SetPrompt[]> {
  const file = optionalPath(values, 'prompts', context)
  if (file !== null) return readPrompts(file, null)
  const nothing = { answer: null, target: null, counterfactual: null, group: null, paraphrase: null }
  return [{ id: 'prompt', prompt: prompt(values, context), ...nothing }]
}
