/** `attribute-set`: a prompt set, or a shard of one, attributed to files; a run that was interrupted goes on where it was. */
import { fail } from '../../../shared/errors'
import type { EngineCalls, Event } from '../../../shared/contract'
import { SetSettings, SetTarget } from '../../../shared/records/sets'
import { runtimeVersion } from '../../runtime'
import { batchesOfShard } from '../../sets/plan'
import { readPrompts } from '../../sets/read'
import { openJournal, promptLines } from '../../sets/shards/journal'
import { MAX_SHARDS, shardFiles, type Finished, type Identity, type Shard } from '../../sets/shards/manifest'
import type { Command, CommandContext, CommandResult, OptionValues } from '../command'
import { device, MODEL, pair, path, PREFLIGHT, SAE, text } from '../options'
import { SWITCHES, switches } from '../switches'
import { stored } from '../stored'
import { quietHandlerTask } from '../task'

type SetEvent = Event<EngineCalls['sets.run']>
type Batches = Pick<Finished, 'batches' | 'provenance'>

export const attributeSet: Command = {
  name: 'attribute-set',
  summary: 'the latents of every prompt of a file, or of one shard of it; goes on where it was interrupted',
  options: {
    ...MODEL,
    ...SAE,
    ...PREFLIGHT,
    prompts: {
      type: 'string',
      value: 'FILE',
      help: '.jsonl or .csv with prompt (or tokens) and, as wanted, id, answer, target, counterfactual, group, paraphrase'
    },
    out: { type: 'string', value: 'DIR', help: 'folder of the results; all shards of a run may share one' },
    shard: { type: 'string', value: 'I/N', help: 'which of N shards to compute, counted from 0: 0/7 to 6/7; 0/1, everything, by default' },
    explain: {
      type: 'string',
      value: 'WHAT',
      help: `${SetTarget.options.join(' or ')}: what is explained of prompts without a target of their own; greedy by default`
    },
    ...SWITCHES
  },
  async run(values, context) {
    const shard = shardOf(values)
    const { reading, preflight } = await pair(values, context)
    const bench = {
      model: path(values, 'model', context),
      sae: path(values, 'sae', context),
      hook: text(values, 'hook') ?? null,
      reading,
      device: device(values)
    }
    const settings = SetSettings.parse({ ...switches(values), explain: explain(values) })
    const file = path(values, 'prompts', context)
    const out = path(values, 'out', context)
    const prompts = await readPrompts(file, null)
    const { lines, sha256 } = promptLines(prompts)
    const identity = await identityOf(bench, settings, { sha256, count: prompts.length }, context)
    const opened = await openJournal(out, shard, identity, lines)
    const { table } = shardFiles(out, shard)
    if ('finished' in opened) return result(table, shard, opened.finished, 0)
    const { journal } = opened
    const call = { ...bench, settings, prompts, done: [...journal.done], shard, preflight }
    const { batches, provenance } = await stored<SetEvent, Batches>(
      context.task,
      ({ batch, results }) => journal.append(batch, results),
      (task) => context.engine()['sets.run'](call, task)
    )
    const finished = await journal.finish({ batches, provenance })
    return result(table, shard, finished, batchesOfShard(batches, shard).length - journal.done.length)
  }
}

type SetBench = Pick<Parameters<ReturnType<CommandContext['engine']>['sets.run']>[0], 'model' | 'sae' | 'hook' | 'reading' | 'device'>

async function identityOf(
  { model, sae, hook, reading = {}, device: asked }: SetBench,
  settings: SetSettings,
  prompts: Identity['prompts'],
  context: CommandContext
): Promise<Identity> {
  const task = quietHandlerTask<never>(context.task)
  const engine = context.engine()
  const [ownModel, ownSae] = [await engine['model.open']({ model, device: asked }, task), await engine['sae.open']({ sae, reading }, task)]
  return {
    model: { name: ownModel.name, hash: ownModel.hash },
    sae: { name: ownSae.name, hash: ownSae.hash, hook, reading },
    prompts,
    settings,
    device: asked,
    versions: { workbench: context.version, onnxruntime: runtimeVersion() }
  }
}

/** --shard, or everything. @throws USAGE */
function shardOf(values: OptionValues): Shard {
  const value = text(values, 'shard')
  if (value === undefined) return { index: 0, of: 1 }
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(value)
  if (!found) return fail('USAGE', { reason: `--shard takes two numbers such as 0/7, not "${value}".` })
  const [index, of] = [Number(found[1]), Number(found[2])]
  if (of < 1 || of > MAX_SHARDS) fail('USAGE', { reason: `--shard takes 1 to ${MAX_SHARDS} shards, not ${of}.` })
  if (index >= of) fail('USAGE', { reason: `--shard counts from 0: of ${of} shards the last is ${of - 1}/${of}, not "${value}".` })
  return { index, of }
}

function explain(values: OptionValues): SetTarget {
  const value = text(values, 'explain') ?? 'greedy'
  const parsed = SetTarget.safeParse(value)
  return parsed.success ? parsed.data : fail('USAGE', { reason: `--explain takes ${SetTarget.options.join(' or ')}, not "${value}".` })
}

function result(table: string, { index, of }: Shard, { batches, rows, provenance }: Finished, computed: number): CommandResult {
  const own = batchesOfShard(batches, { index, of }).length
  const human = `${table}: shard ${index} of ${of} (counted from 0), ${rows} rows; ${computed} of its ${own} batches computed now`
  return { json: { path: table, shard: index, of, batches, own, computed, rows, device: provenance.device.used }, human }
}
