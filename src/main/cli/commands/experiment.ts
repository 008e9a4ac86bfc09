/** `experiment`: runs an experiment into a folder, goes on where it was interrupted, or repeats one from its manifest. */
import { fail } from '../../../shared/errors'
import type { EngineCalls, Event } from '../../../shared/contract'
import { ExperimentName, type ExperimentInfo, type ExperimentResult, type ExperimentSettings } from '../../../shared/records/experiment'
import { Device, SaeReading } from '../../../shared/records/model'
import type { SetPrompt } from '../../../shared/records/sets'
import { EXPERIMENTS, experimentOf } from '../../experiments'
import { openExperimentJournal, promptsDigest, readExperiment, type ExperimentIdentity } from '../../experiments/journal'
import { runtimeVersion } from '../../runtime'
import { readPrompts } from '../../sets/read'
import { reproductionOf } from '../../storage/reproduction'
import type { Command, CommandContext, CommandResult, OptionValues } from '../command'
import { device, MODEL, number, optionalPath, pair, path, PREFLIGHT, SAE, text } from '../options'
import { stored } from '../stored'
import { quietHandlerTask } from '../task'
import { resultText } from '../result-text'

type PartEvent = Event<EngineCalls['experiments.run']>

const NAMES = ExperimentName.options.join(', ')

export const experiment: Command = {
  name: 'experiment',
  summary: 'an experiment over a set of prompts; goes on where it was interrupted',
  operands: { value: 'NAME', help: `one of ${NAMES}` },
  options: {
    ...MODEL,
    ...SAE,
    ...PREFLIGHT,
    prompts: {
      type: 'string',
      value: 'FILE',
      help: '.jsonl or .csv with prompt and answer; the default model’s held-out questions by default'
    },
    skip: { type: 'string', value: 'N', help: 'leave out the first N prompts' },
    limit: { type: 'string', value: 'N', help: 'take at most N prompts' },
    set: { type: 'string', multiple: true, value: 'KEY=VALUE', help: 'a setting; lists are separated by commas; once for each setting' },
    out: { type: 'string', value: 'DIR', help: 'folder of the parts, the result, its manifest and tables' },
    rerun: { type: 'string', value: 'FILE', help: 'repeat the experiment of this manifest.json and say whether it comes to the same' }
  },
  async run(values, context) {
    const out = path(values, 'out', context)
    const manifest = optionalPath(values, 'rerun', context)
    if (manifest !== null) return repeat(manifest, out, context)
    const { info } = experimentOf(nameOf(values))
    const { reading } = await pair(values, context)
    const bench = { model: path(values, 'model', context), sae: path(values, 'sae', context), hook: text(values, 'hook') ?? null, reading }
    const prompts = await promptsOf(values, info.name, context)
    const run = { ...bench, device: device(values), experiment: info.name, settings: settingsOf(info, values), prompts }
    const { result, paths, kept } = await runInto(out, run, context)
    return { json: { result, files: paths }, human: [resultText(result), '', ...keptText(kept), ...paths].join('\n') }
  }
}

/** What an experiment's folder is made of. */
export type Run = Omit<Parameters<ReturnType<CommandContext['engine']>['experiments.run']>[0], 'done'> & { reading: SaeReading }

/** Runs what is missing in the folder and writes the result. */
export async function runInto(
  out: string,
  run: Run,
  context: CommandContext,
  check: (identity: ExperimentIdentity) => void = () => undefined
): Promise<{ result: ExperimentResult; paths: string[]; kept: Kept }> {
  const engine = context.engine()
  const identity = await identityOf(run, context)
  check(identity)
  const journal = await openExperimentJournal(out, identity)
  const all = experimentOf(run.experiment).parts(run.prompts, identity.settings)
  const done = journal.done.filter(({ part }) => part < all)
  const { result, manifest } = await stored<PartEvent, { result: ExperimentResult; manifest: Parameters<typeof journal.finish>[1] }>(
    context.task,
    ({ part, data }) => journal.append({ part, data }),
    (task) => engine['experiments.run']({ ...run, settings: identity.settings, done }, task)
  )
  return { result, paths: await journal.finish(result, manifest), kept: { stored: done.length, parts: all } }
}

/** How many of all parts the folder held before; they are not run again. */
export interface Kept {
  readonly stored: number
  readonly parts: number
}

/** What was there already, in words; nothing of a folder that was empty. */
export function keptText({ stored, parts }: Kept): string[] {
  if (stored === 0) return []
  return [`${stored} of ${parts} parts were there already${stored === parts ? '; nothing was run again' : ''}.`]
}

/** Everything the parts depend on, from the folders themselves. */
async function identityOf(run: Run, context: CommandContext): Promise<ExperimentIdentity> {
  const task = quietHandlerTask<never>(context.task)
  const engine = context.engine()
  const model = await engine['model.open']({ model: run.model, device: run.device }, task)
  const sae = await engine['sae.open']({ sae: run.sae, reading: run.reading }, task)
  return {
    experiment: run.experiment,
    settings: experimentOf(run.experiment).settings(run.settings),
    model: { name: model.name, hash: model.hash },
    sae: { name: sae.name, hash: sae.hash, hook: run.hook, reading: run.reading },
    prompts: promptsDigest(run.prompts),
    device: run.device,
    versions: { workbench: context.version, onnxruntime: runtimeVersion() }
  }
}

/** Runs the experiment of a manifest again and compares it with the result beside the manifest. */
async function repeat(path: string, out: string, context: CommandContext): Promise<CommandResult> {
  const { manifest, result: before } = await readExperiment(path)
  if (before === null) return fail('EXPERIMENT_MANIFEST', { path, reason: 'no result.json stands beside it to compare with' })
  const { model, sae, hook, device: asked } = manifest.bench
  const reading = SaeReading.parse(sae.reading ?? {})
  const wanted = Device.safeParse(asked.requested)
  const run = {
    model: model.path,
    sae: sae.path,
    hook,
    reading,
    device: wanted.success ? wanted.data : Device.enum.auto,
    experiment: manifest.experiment,
    settings: manifest.settings,
    prompts: manifest.prompts
  }
  const same = (identity: ExperimentIdentity): void => {
    if (identity.model.hash !== model.hash) fail('SHARD_DIFFERS', { path, what: `the model in ${model.path}` })
    if (identity.sae.hash !== sae.hash) fail('SHARD_DIFFERS', { path, what: `the SAE in ${sae.path}` })
  }
  const { result, paths } = await runInto(out, run, context, same)
  const reproduction = reproductionOf(before, result)
  const words = reproduction.same
    ? 'It reproduced, bit for bit.'
    : [`It did not reproduce: the largest difference is ${reproduction.largest}.`, ...reproduction.differences].join('\n')
  return {
    json: { result, reproduction, files: paths },
    human: [resultText(result), '', words, '', ...paths].join('\n'),
    failed: !reproduction.same
  }
}

function nameOf({ operands }: OptionValues): ExperimentName {
  const [name, ...rest] = Array.isArray(operands) ? operands.map(String) : []
  const parsed = ExperimentName.safeParse(name)
  if (!parsed.success || rest.length > 0) return fail('USAGE', { reason: `Name one experiment: ${NAMES}.` })
  return EXPERIMENTS.some(({ info }) => info.name === parsed.data)
    ? parsed.data
    : fail('USAGE', { reason: `Name one experiment: ${NAMES}.` })
}

async function promptsOf(values: OptionValues, name: ExperimentName, context: CommandContext): Promise<SetPrompt[]> {
  const file = optionalPath(values, 'prompts', context)
  const all =
    file === null
      ? (await context.engine()['experiments.defaultPrompts']({ experiment: name }, quietHandlerTask(context.task))).prompts
      : await readPrompts(file, null)
  const skip = number(values, 'skip', 0, { min: 0, max: 1e6, integer: true })
  const limit = number(values, 'limit', all.length, { min: 1, max: 1e6, integer: true })
  const chosen = all.slice(skip, skip + limit)
  return chosen.length > 0 ? chosen : fail('USAGE', { reason: `--skip ${skip} leaves none of the ${all.length} prompts.` })
}

/** --set KEY=VALUE, each read as its field says; a wrong one is refused by the experiment itself. */
function settingsOf({ fields, name }: ExperimentInfo, values: OptionValues): ExperimentSettings {
  const given = Array.isArray(values.set) ? values.set.map(String) : []
  return Object.fromEntries(
    given.map((one) => {
      const [key = '', ...rest] = one.split('=')
      const field = fields.find((candidate) => candidate.key === key.trim())
      if (!field || rest.length === 0)
        return fail('USAGE', {
          reason: `--set takes KEY=VALUE with one of ${fields.map((each) => each.key).join(', ')} for ${name}, not "${one}".`
        })
      return [field.key, valueOf(field, rest.join('=').trim())]
    })
  )
}

function valueOf({ kind, key }: ExperimentInfo['fields'][number], value: string): unknown {
  const numeric = (word: string): number => {
    const parsed = word.trim() === '' ? NaN : Number(word)
    return Number.isFinite(parsed) ? parsed : fail('USAGE', { reason: `--set ${key} takes numbers, not "${word}".` })
  }
  const words = value.split(',').map((word) => word.trim())
  if (kind === 'number') return numeric(value)
  if (kind === 'numbers') return words.map(numeric)
  if (kind === 'choices') return words
  if (kind === 'choice' || kind === 'text') return value
  if (kind === 'recipes') return fail('USAGE', { reason: 'Recipes are files; the command steer takes them.' })
  if (value === 'true' || value === 'false') return value === 'true'
  return fail('USAGE', { reason: `--set ${key} takes true or false, not "${value}".` })
}
