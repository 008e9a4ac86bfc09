/** `attribute-layers`: the latents of SAEs at several hook points ranked together, from one forward and one backward pass. */
import { isAbsolute, resolve } from 'node:path'
import { fail, toWireError, WorkbenchError } from '../../../shared/errors'
import type { LayersRanking } from '../../../shared/records/layers'
import { orderLayers } from '../../attribution'
import { visitFolders } from '../../engine/library'
import { openModel } from '../../models'
import { openSae } from '../../saes'
import type { Command, CommandContext, OptionValues } from '../command'
import { device, MODEL, number, path, prompt, PROMPT, text } from '../options'
import { digits, shown, table } from '../print'
import { pick, SWITCHES, switches } from '../switches'
import { listOf, target, TARGET } from '../target'
import { quietHandlerTask } from '../task'

export const attributeLayers: Command = {
  name: 'attribute-layers',
  summary: 'the latents of several layers, ranked together from one forward and one backward pass',
  options: {
    ...MODEL,
    sae: { type: 'string', multiple: true, value: 'DIR', help: 'SAE folder; once for each SAE' },
    hook: { type: 'string', multiple: true, value: 'NAME', help: 'hook point of each --sae in turn; - takes the one its folder names' },
    all: { type: 'string', value: 'DIR', help: 'every SAE below a folder that fits the model' },
    ...PROMPT,
    ...TARGET,
    ...pick(SWITCHES, ['aggregation', 'scope', 'freeze', 'exclude-special']),
    top: { type: 'string', value: 'N', help: 'how many latents to list of each layer, 10 by default' }
  },
  async run(values, context) {
    const top = number(values, 'top', 10, { min: 1, max: 1e9, integer: true })
    const model = path(values, 'model', context)
    const { method: _method, ...chosen } = switches(values)
    const input = {
      model,
      device: device(values),
      prompt: prompt(values, context),
      target: target(values),
      ...chosen
    }
    const { saes, notes } = await saesOf(values, model, context)
    const ranking = await context.engine()['attribution.layers']({ ...input, saes }, quietHandlerTask(context.task))
    return { json: asJson(ranking, top), human: asText(ranking, top), notes }
  }
}

interface AskedSae {
  readonly sae: string
  readonly hook: string | null
}

/** --sae with --hook, or what --all finds; what does not fit the model is left out and named in the notes. */
async function saesOf(values: OptionValues, model: string, context: CommandContext): Promise<{ saes: AskedSae[]; notes: string[] }> {
  const absolute = (given: string): string => (isAbsolute(given) ? given : resolve(context.cwd, given))
  const given = listOf(values.sae)
  const hooks = listOf(values.hook)
  if (hooks.length > 0 && hooks.length !== given.length)
    fail('USAGE', {
      reason: `There are ${hooks.length} --hook for ${given.length} --sae; give one for each, "-" where its folder names it.`
    })
  const named = given.map((sae, i) => ({ sae: absolute(sae), hook: hooks[i] === undefined || hooks[i] === '-' ? null : hooks[i] }))
  const all = text(values, 'all')
  const { saes, notes } = all === undefined ? { saes: [], notes: [] } : await fittingBelow(absolute(all), model, context)
  const found = [...named, ...saes.filter(({ sae }) => !named.some((one) => one.sae === sae))]
  if (found.length > 0) return { saes: found, notes }
  return fail('USAGE', {
    reason: all === undefined ? 'Name the SAEs: --sae DIR for each, or --all DIR.' : `No SAE below ${absolute(all)} fits the model.`
  })
}

async function fittingBelow(folder: string, model: string, { task }: CommandContext): Promise<{ saes: AskedSae[]; notes: string[] }> {
  const opened = await openModel(model)
  const saes: AskedSae[] = []
  const notes: string[] = []
  const leaveOut = (path: string, why: string): void => void notes.push(`${path} is left out: ${why}`)
  await visitFolders(
    [folder],
    async ({ path, kind, formats }) => {
      if (kind === 'model') return
      if (formats.length > 1) return leaveOut(path, `several formats would read it (${formats.join(', ')}).`)
      try {
        orderLayers(opened, [{ sae: await openSae(path), hook: null, reading: {} }])
        saes.push({ sae: path, hook: null })
      } catch (thrown) {
        if (!(thrown instanceof WorkbenchError)) throw thrown
        leaveOut(path, toWireError(thrown).message)
      }
    },
    ({ path, message }) => leaveOut(path, message),
    task
  )
  return { saes, notes }
}

function asJson({ layers, target: explained, provenance, ...ranking }: LayersRanking, top: number): unknown {
  const { id, text: targetText, probability, logit, value, kind, chosenBy, label } = explained
  return {
    target: { id, text: targetText, probability, logit, value, kind, chosenBy, label },
    formula: ranking.formula,
    aggregation: ranking.aggregation,
    includeSpecial: ranking.includeSpecial,
    tokens: ranking.tokens.map((token) => ({ id: token.id, text: token.text })),
    top: ranking.top.map((token) => ({ id: token.id, text: token.text, logit: token.logit, probability: token.probability })),
    layers: layers.map(({ hook, sae, latents, byPosition, identity, fvu, l0 }) => ({
      hook,
      sae,
      active: latents.length,
      latents: latents.slice(0, top),
      byPosition,
      identity: { total: identity.total, latents: identity.latents, decoderBias: identity.decoderBias, error: identity.error },
      fvu,
      l0
    })),
    warnings: ranking.warnings,
    provenance
  }
}

function asText({ target: explained, layers, warnings, provenance }: LayersRanking, top: number): string {
  const size = layers.map(({ byPosition }) => byPosition.reduce((sum, score) => sum + score, 0))
  const whole = size.reduce((sum, one) => sum + one, 0)
  const tables = layers.flatMap(({ hook, sae, latents, fvu, l0, identity }, i) => [
    '',
    `${hook} (${sae.name}): ${digits((100 * (size[i] ?? 0)) / whole, 3)} % of |score|, ${latents.length} active latents, L0 ${digits(l0, 3)}, FVU ${digits(fvu, 3)}, error ${digits(identity.error)} of ${digits(identity.total)}`,
    table(
      ['#>', 'latent>', 'score>', 'activation>', 'gradient>', 'positions>'],
      latents
        .slice(0, top)
        .map((row, index) => [
          String(index + 1),
          String(row.latent),
          digits(row.score),
          digits(row.maxActivation),
          digits(row.gradient),
          String(row.positions)
        ])
    )
  ])
  return [
    `${explained.kind} of ${shown(explained)} (p ${digits(explained.probability)}, logit ${digits(explained.logit)}, ${explained.chosenBy}), ${layers.length} layers in ${digits(provenance.milliseconds / 1000, 3)} s`,
    ...tables,
    '',
    ...warnings.map((warning) => `note: ${warning}`)
  ].join('\n')
}
