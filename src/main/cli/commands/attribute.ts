/** `attribute`: the influence ranking, with the exact check on request. */
import { fail } from '../../../shared/errors'
import { type ExactCheck, MethodName, type Ranking, type TargetInput } from '../../../shared/records/ranking'
import type { Command, OptionValues } from '../command'
import { device, MODEL, number, pair, path, PREFLIGHT, prompt, PROMPT, SAE, text } from '../options'
import { digits, shown, table } from '../print'
import { quietHandlerTask } from '../task'

export const attribute: Command = {
  name: 'attribute',
  summary: 'the latents that drive a token, ranked by activation x gradient',
  options: {
    ...MODEL,
    ...SAE,
    ...PREFLIGHT,
    ...PROMPT,
    target: { type: 'string', value: 'TEXT', help: 'the token to explain; the greedy next token by default' },
    'target-id': { type: 'string', value: 'ID', help: 'the same as a token id' },
    method: { type: 'string', value: 'NAME', help: `${MethodName.options.join(' or ')}; gradsae by default` },
    top: { type: 'string', value: 'N', help: 'how many latents to list, 20 by default' },
    verify: { type: 'string', value: 'N', help: 'zero-ablate the first N latents and report the true effect' },
    'exclude-special': { type: 'boolean', help: 'leave BOS and other special tokens out of scores and ablations' }
  },
  async run(values, context) {
    const top = number(values, 'top', 20, { min: 1, max: 1e9, integer: true })
    const verify = number(values, 'verify', 0, { min: 0, max: 1e9, integer: true })
    const input = {
      model: path(values, 'model', context),
      sae: path(values, 'sae', context),
      hook: text(values, 'hook') ?? null,
      ...(await pair(values, context)),
      device: device(values),
      prompt: prompt(values),
      method: method(values),
      target: target(values),
      includeSpecial: values['exclude-special'] !== true,
      modelTop: false
    }
    const engine = context.engine()
    const ranking = await engine['attribution.rank'](input, quietHandlerTask(context.task))
    const latents = ranking.latents.slice(0, verify).map(({ latent, score }) => ({ latent, score }))
    const exact =
      verify === 0
        ? null
        : await engine['attribution.verify']({ ...input, target: { id: ranking.target.id }, latents }, quietHandlerTask(context.task))
    return { json: asJson(ranking, exact, Math.max(top, verify)), human: asText(ranking, exact, Math.max(top, verify)) }
  }
}

function method(values: OptionValues): MethodName {
  const value = text(values, 'method') ?? 'gradsae'
  const parsed = MethodName.safeParse(value)
  if (!parsed.success) fail('USAGE', { reason: `There is no method "${value}"; there are ${MethodName.options.join(' and ')}.` })
  return parsed.data
}

function target(values: OptionValues): TargetInput {
  const typed = text(values, 'target')
  if (typed !== undefined && text(values, 'target-id') !== undefined) fail('USAGE', { reason: 'Give --target or --target-id, not both.' })
  if (typed !== undefined) return { text: typed }
  const id = number(values, 'target-id', -1, { min: 0, max: 2 ** 31, integer: true })
  return id < 0 ? null : { id }
}

/** Positions of every listed latent, from the ranking's columns. */
function positionsOf({ entries }: Ranking, latent: number): { position: number; activation: number; gradient: number; score: number }[] {
  const found = []
  for (let entry = 0; entry < entries.latent.length; entry++) {
    if (entries.latent[entry] !== latent) continue
    found.push({
      position: entries.position[entry] ?? 0,
      activation: entries.activation[entry] ?? 0,
      gradient: entries.gradient[entry] ?? 0,
      score: entries.score[entry] ?? 0
    })
  }
  return found
}

function asJson(ranking: Ranking, exact: ExactCheck | null, count: number): unknown {
  const effects = new Map(exact?.effects.map(({ latent, exactEffect }) => [latent, exactEffect]))
  const { id, text: targetText, probability, logit, value, kind, chosenBy } = ranking.target
  const { total, latents, decoderBias, error } = ranking.identity
  return {
    target: { id, text: targetText, probability, logit, value, kind, chosenBy },
    method: ranking.method,
    substitution: ranking.substitution,
    aggregation: ranking.aggregation,
    includeSpecial: ranking.includeSpecial,
    tokens: ranking.tokens.map((token) => ({ id: token.id, text: token.text })),
    top: ranking.top.map((token) => ({ id: token.id, text: token.text, logit: token.logit, probability: token.probability })),
    active: ranking.latents.length,
    latents: ranking.latents.slice(0, count).map(({ latent, score }) => ({
      latent,
      score,
      positions: positionsOf(ranking, latent),
      ...(effects.has(latent) ? { exactEffect: effects.get(latent) } : {})
    })),
    identity: { total, latents, decoderBias, error },
    ...(exact === null ? {} : { correlation: { pearson: exact.pearson, spearman: exact.spearman } }),
    fvu: ranking.fvu,
    l0: ranking.l0,
    warnings: ranking.warnings,
    provenance: ranking.provenance
  }
}

/** The ranking as a person reads it; also used by the demo. */
export function asText(ranking: Ranking, exact: ExactCheck | null, count: number, labels?: ReadonlyMap<number, string>): string {
  const { target, identity } = ranking
  const effects = new Map(exact?.effects.map(({ latent, exactEffect }) => [latent, exactEffect]))
  const rows = ranking.latents.slice(0, count).map((row, index) => {
    const effect = effects.get(row.latent)
    return [
      String(index + 1),
      String(row.latent),
      digits(row.score),
      digits(row.maxActivation),
      digits(row.gradient),
      effect === undefined ? '' : digits(effect),
      String(row.positions),
      labels?.get(row.latent) ?? ''
    ]
  })
  const lines = [
    `${ranking.method}: ${target.kind} of ${shown(target)} (p ${digits(target.probability)}, logit ${digits(target.logit)}, ${target.chosenBy})`,
    `${ranking.latents.length} active latents at ${ranking.provenance.hook}, L0 ${digits(ranking.l0, 3)}, FVU ${digits(ranking.fvu, 3)}`,
    '',
    table(['#>', 'latent>', 'influence>', 'activation>', 'gradient>', 'exact>', 'positions>', 'label'], rows),
    '',
    `identity: total ${digits(identity.total)} = latents ${digits(identity.latents)} + decoder bias ${digits(identity.decoderBias)} + error ${digits(identity.error)}`
  ]
  if (exact !== null)
    lines.push(`influence against exact effect: Pearson ${correlation(exact.pearson)}, Spearman ${correlation(exact.spearman)}`)
  return [...lines, ...ranking.warnings.map((warning) => `note: ${warning}`)].join('\n')
}

function correlation(value: number | null): string {
  return value === null ? 'undefined' : digits(value, 3)
}
