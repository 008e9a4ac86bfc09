/** `attribute`: the influence ranking, with the exact check on request. */
import { fail } from '../../../shared/errors'
import type { AttributeInput } from '../../../shared/contract/engine'
import type { ExactCheck, Ranking, RankingTarget } from '../../../shared/records/ranking'
import type { PromptInput } from '../../../shared/records/token'
import type { Command, CommandContext, CommandResult, OptionSpec, OptionValues } from '../command'
import { device, MODEL, number, pair, path, PREFLIGHT, prompt, PROMPT, SAE, text } from '../options'
import { digits, shown, table } from '../print'
import { SWITCHES, switches } from '../switches'
import { target, TARGET } from '../target'
import { quietHandlerTask } from '../task'

const COUNTERFACTUAL: Record<string, OptionSpec> = {
  counterfactual: {
    type: 'string',
    value: 'TEXT',
    help: 'counterfactual, integrated-gradients: the prompt of as many tokens whose activations are patched in'
  },
  'counterfactual-tokens': { type: 'string', value: '1,2,3', help: 'exact token ids instead of --counterfactual' }
}

export const attribute: Command = {
  name: 'attribute',
  summary: 'the latents that drive a token, ranked by activation x gradient or another method',
  options: {
    ...MODEL,
    ...SAE,
    ...PREFLIGHT,
    ...PROMPT,
    ...TARGET,
    ...SWITCHES,
    ...COUNTERFACTUAL,
    top: { type: 'string', value: 'N', help: 'how many latents to list, 20 by default' },
    verify: { type: 'string', value: 'N', help: 'ablate the first N latents one by one and report the true effect' },
    estimate: { type: 'boolean', help: 'only say about how long --verify N, or without it ablating every active latent, would take' }
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
      prompt: prompt(values, context),
      ...switches(values),
      target: target(values),
      counterfactual: counterfactual(values),
      modelTop: false
    }
    if (values.estimate === true) return estimate(input, verify, context)
    const engine = context.engine()
    const ranking = await engine['attribution.rank'](input, quietHandlerTask(context.task))
    const latents = ranking.latents.slice(0, verify).map(({ latent, score }) => ({ latent, score }))
    // The token that was explained is ablated for, not whichever becomes the greedy one.
    const held = ranking.target.chosenBy === 'greedy' ? { id: ranking.target.id } : input.target
    const exact =
      verify === 0 ? null : await engine['attribution.verify']({ ...input, target: held, latents }, quietHandlerTask(context.task))
    return { json: asJson(ranking, exact, Math.max(top, verify)), human: asText(ranking, exact, Math.max(top, verify)) }
  }
}

/** --counterfactual or --counterfactual-tokens, or null. @throws USAGE */
function counterfactual(values: OptionValues): PromptInput | null {
  const [typed, tokens] = [text(values, 'counterfactual'), text(values, 'counterfactual-tokens')]
  if (typed === undefined && tokens === undefined) return null
  if (typed !== undefined && tokens !== undefined) fail('USAGE', { reason: 'Give --counterfactual or --counterfactual-tokens, not both.' })
  return prompt({ prompt: typed, tokens })
}

async function estimate(input: AttributeInput, verify: number, context: CommandContext): Promise<CommandResult> {
  const count = verify === 0 ? null : verify
  const { seconds, latents } = await context.engine()['attribution.estimate']({ ...input, count }, quietHandlerTask(context.task))
  return { json: { seconds, latents }, human: `Ablating ${latents} latents one by one takes about ${digits(seconds, 2)} s here.` }
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
  const { id, text: targetText, probability, logit, value, kind, chosenBy, label, terms } = ranking.target
  const { total, latents, decoderBias, error } = ranking.identity
  return {
    target: { id, text: targetText, probability, logit, value, kind, chosenBy, label, terms },
    method: ranking.method,
    formula: ranking.formula,
    substitution: ranking.substitution,
    aggregation: ranking.aggregation,
    scope: ranking.scope,
    includeSpecial: ranking.includeSpecial,
    frozen: ranking.frozen,
    steps: ranking.steps,
    seed: ranking.seed,
    counterfactual: ranking.counterfactual,
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
    completeness: ranking.completeness,
    errorEffects: ranking.errorEffects,
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
    `${ranking.method}: ${targetText(target)}`,
    `${ranking.latents.length} active latents at ${ranking.provenance.hook}, L0 ${digits(ranking.l0, 3)}, FVU ${digits(ranking.fvu, 3)}`,
    '',
    table(['#>', 'latent>', 'influence>', 'activation>', 'gradient>', 'exact>', 'positions>', 'label'], rows),
    '',
    `identity: total ${digits(identity.total)} = latents ${digits(identity.latents)} + decoder bias ${digits(identity.decoderBias)} + error ${digits(identity.error)}`,
    ...completenessLine(ranking),
    `formula: ${ranking.formula}`
  ]
  if (exact !== null)
    lines.push(`influence against exact effect: Pearson ${correlation(exact.pearson)}, Spearman ${correlation(exact.spearman)}`)
  return [...lines, ...ranking.warnings.map((warning) => `note: ${warning}`)].join('\n')
}

/** One token with its numbers; several by what is made of them. */
function targetText({ kind, label, value, terms, probability, logit, chosenBy, ...token }: RankingTarget): string {
  if (terms.length > 1) return `${label} = ${digits(value)}`
  return `${kind} of ${shown(token)} (p ${digits(probability)}, logit ${digits(logit)}, ${chosenBy})`
}

/** Where activations are patched to another prompt, the error term is part of what is explained. */
function completenessLine({ completeness, counterfactual: other, errorEffects }: Ranking): string[] {
  if (completeness === null) return []
  const error = other === null ? '' : ` (error term ${digits(errorEffects.reduce((sum, effect) => sum + effect, 0))})`
  const { explained, change, gap } = completeness
  return [`completeness: explained ${digits(explained)}${error} of a change of ${digits(change)}, gap ${digits(gap)}`]
}

function correlation(value: number | null): string {
  return value === null ? 'undefined' : digits(value, 3)
}
