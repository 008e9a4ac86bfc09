/** `labels ...`: explanations of latents: list their sources, import, compute, search and remove them. */
import { fail } from '../../../shared/errors'
import { ComputeOptions, type LabelSource } from '../../../shared/records/latent'
import type { Command, OptionSpec } from '../command'
import { device, MODEL, number, path, requiredText, SAE, text, reading } from '../options'
import { table } from '../print'
import { quietHandlerTask } from '../task'

const STORE: Record<string, OptionSpec> = {
  labels: { type: 'string', value: 'DIR', help: 'folder in which imported and computed labels are kept' }
}
const ONE_SAE: Record<string, OptionSpec> = { sae: { type: 'string', value: 'DIR', help: 'the SAE whose latents are meant' } }

const DEFAULTS = ComputeOptions.parse({})

const list: Command = {
  name: 'labels list',
  summary: 'where the labels of an SAE come from, and what is unfinished',
  options: { ...ONE_SAE, ...STORE },
  async run(values, context) {
    const sae = path(values, 'sae', context)
    const json = await context.engine()['labels.sources']({ sae }, quietHandlerTask(context.task))
    const unfinished = json.unfinished.map(({ id, path: from, done, total }) => `unfinished ${id}: ${done} of ${total} windows of ${from}`)
    return { json, human: [sources(json.sources), ...unfinished].join('\n') }
  }
}

const importing: Command = {
  name: 'labels import',
  summary: 'attach explanations from a file or folder to an SAE',
  options: {
    ...ONE_SAE,
    ...STORE,
    from: { type: 'string', value: 'PATH', help: 'Neuronpedia export, Delphi or neuron-explainer output, or a latents.jsonl' },
    take: { type: 'string', value: 'NAME', help: 'which of several labelled SAEs is meant' },
    confirm: { type: 'boolean', help: 'attach labels that do not say that they are for this SAE' }
  },
  async run(values, context) {
    requiredText(values, 'labels')
    const json = await context.engine()['labels.import'](
      {
        sae: path(values, 'sae', context),
        path: path(values, 'from', context),
        confirm: values.confirm === true,
        take: text(values, 'take') ?? null
      },
      quietHandlerTask(context.task)
    )
    if (json.status === 'question')
      return fail('LABELS_UNCONFIRMED', { text: json.question.text, found: json.question.found.map(({ name }) => `"${name}"`).join(', ') })
    const { source, files, ignoredFiles, otherSources, added } = json
    const notes = [
      ...(ignoredFiles > 0 ? [`${ignoredFiles} files hold no labels that are known.`] : []),
      ...(otherSources > 0 ? [`The labels of ${otherSources} other SAEs were passed over.`] : []),
      ...(source.outside > 0 ? [`${source.outside} labels are for latents that this SAE does not have.`] : [])
    ]
    return { json, human: `${added} explanations added from ${files} files\n\n${sources([source])}`, notes }
  }
}

const compute: Command = {
  name: 'labels compute',
  summary: "label an SAE from one's own text; goes on where it was interrupted",
  options: {
    ...MODEL,
    ...SAE,
    ...STORE,
    text: { type: 'string', value: 'FILE', help: 'a .txt file, or a .jsonl file with {"text": ...} in every line' },
    window: { type: 'string', value: 'N', help: `tokens of one window, ${DEFAULTS.window} by default` },
    contexts: { type: 'string', value: 'N', help: `contexts kept of each latent, ${DEFAULTS.contexts} by default` },
    'max-tokens': { type: 'string', value: 'N', help: `tokens read at most, ${DEFAULTS.tokens} by default` }
  },
  async run(values, context) {
    requiredText(values, 'labels')
    const json = await context.engine()['labels.compute'](
      {
        model: path(values, 'model', context),
        sae: path(values, 'sae', context),
        hook: text(values, 'hook') ?? null,
        reading: await reading(values, context),
        device: device(values),
        path: path(values, 'text', context),
        options: {
          window: number(values, 'window', DEFAULTS.window, { min: 2, max: 4096, integer: true }),
          contexts: number(values, 'contexts', DEFAULTS.contexts, { min: 1, max: 32, integer: true }),
          tokens: number(values, 'max-tokens', DEFAULTS.tokens, { min: 1, max: 20_000_000, integer: true })
        }
      },
      quietHandlerTask(context.task)
    )
    const { source, tokens, windows, resumed, fired, notes } = json
    const again = resumed > 0 ? `, ${resumed} of them earlier` : ''
    return { json, human: `${tokens} tokens in ${windows} windows${again}; ${fired} latents fired\n\n${sources([source])}`, notes }
  }
}

const search: Command = {
  name: 'labels search',
  summary: 'find latents by number or by words of their explanations',
  options: {
    ...ONE_SAE,
    ...STORE,
    query: { type: 'string', value: 'TEXT', help: 'a number, or words that all have to occur' },
    limit: { type: 'string', value: 'N', help: 'how many to list, 20 by default' }
  },
  async run(values, context) {
    const query = requiredText(values, 'query')
    const limit = number(values, 'limit', 20, { min: 1, max: 1000, integer: true })
    const json = await context
      .engine()
      ['labels.search']({ sae: path(values, 'sae', context), query, limit }, quietHandlerTask(context.task))
    const rows = json.found.map(({ latent, label, source, match }) => [
      String(latent),
      match?.label ?? label ?? '',
      match?.source ?? source ?? ''
    ])
    return { json, human: rows.length === 0 ? `Nothing has "${query}".` : table(['latent>', 'label', 'source'], rows) }
  }
}

const remove: Command = {
  name: 'labels remove',
  summary: 'remove a source of labels, or an unfinished computation, by its id',
  options: { ...ONE_SAE, ...STORE, id: { type: 'string', value: 'ID', help: 'as "labels list" shows it' } },
  async run(values, context) {
    requiredText(values, 'labels')
    const id = requiredText(values, 'id')
    const json = await context.engine()['labels.remove']({ sae: path(values, 'sae', context), id }, quietHandlerTask(context.task))
    return { json, human: json.removed ? `${id} was removed.` : `There is no removable source ${id}.` }
  }
}

function sources(all: readonly LabelSource[]): string {
  if (all.length === 0) return 'There are no labels.'
  const rows = all.map(({ id, name, binding, explanations, latents, outside, damaged }) => [
    id,
    String(latents),
    String(explanations),
    String(outside),
    damaged === null ? binding : `damaged: ${damaged}`,
    name
  ])
  return table(['id', 'latents>', 'explanations>', 'outside>', 'binding', 'name'], rows)
}

/** The commands about labels, in the order of the help. */
export const labels: readonly Command[] = [list, importing, compute, search, remove]
