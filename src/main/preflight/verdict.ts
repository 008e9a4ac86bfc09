/** What a preflight's numbers mean, in words. The bounds are judgements, said here once (formats.md section 10). */
import type { Preflight, PreflightCheck, PreflightTrial, Verdict } from '../../shared/records/preflight'
import { GOOD_FVU } from './search'

/** Everything that was measured; null where there was nothing to measure. */
export interface Measured {
  readonly shapes: string
  readonly fvu: number
  readonly l0: number
  readonly d_in: number
  readonly nominalL0: number | null
  readonly crossEntropy: Preflight['crossEntropy']
  readonly decoderNorms: Preflight['decoderNorms']
  readonly gradient: Preflight['gradient']
}

/** Cross-entropy recovered, of what writing the mean costs. */
const [GOOD_RECOVERED, BAD_RECOVERED] = [0.8, 0.3]
/** Nats; where the mean costs less, the share of it says nothing. */
const LEAST_COST = 0.02
/** Slopes against differences of float32 runs. */
const [GOOD_SLOPE, BAD_SLOPE] = [0.02, 0.1]
/** Active latents against those the folder states, as a factor. */
const L0_FACTOR = 2

export function checksOf(measured: Measured): PreflightCheck[] {
  const { shapes, crossEntropy, decoderNorms, gradient } = measured
  return [
    { name: 'shapes', verdict: 'good', words: shapes },
    fitCheck(measured),
    activeCheck(measured),
    entropyCheck(crossEntropy),
    {
      name: 'decoder norms',
      verdict: 'good',
      words: decoderNorms.folded
        ? 'All are 1: activations are in the units of Neuronpedia.'
        : `From ${digits(decoderNorms.min)} to ${digits(decoderNorms.max)}, median ${digits(decoderNorms.median)}: Neuronpedia shows activations times these.`
    },
    gradientCheck(gradient)
  ]
}

function fitCheck({ fvu }: Measured): PreflightCheck {
  const verdict = fvu < GOOD_FVU ? 'good' : fvu < 1 ? 'doubtful' : 'bad'
  const more = { good: '', doubtful: ' Published SAEs leave less.', bad: ' The mean alone would do better.' }
  return { name: 'fit', verdict, words: `${percent(fvu)} of the variance is unexplained.${more[verdict]}` }
}

function activeCheck({ l0, nominalL0, d_in }: Measured): PreflightCheck {
  const found = `${digits(l0)} latents are active at a position`
  if (l0 === 0) return { name: 'active latents', verdict: 'bad', words: 'No latent is active anywhere.' }
  if (nominalL0 !== null) {
    const near = l0 < nominalL0 * L0_FACTOR && l0 > nominalL0 / L0_FACTOR
    return { name: 'active latents', verdict: near ? 'good' : 'doubtful', words: `${found}; the files state ${digits(nominalL0)}.` }
  }
  const verdict = l0 > d_in ? 'doubtful' : 'good'
  return { name: 'active latents', verdict, words: verdict === 'good' ? `${found}.` : `${found}, more than there are dimensions.` }
}

function entropyCheck({ model, sae, ablated, recovered }: Preflight['crossEntropy']): PreflightCheck {
  const numbers = `${digits(model)} nats untouched, ${digits(sae)} with the reconstruction, ${digits(ablated)} with the mean`
  if (ablated - model < LEAST_COST)
    return { name: 'cross-entropy', verdict: 'skipped', words: `Even writing the mean costs the model next to nothing (${numbers}).` }
  const verdict = recovered >= GOOD_RECOVERED ? 'good' : recovered >= BAD_RECOVERED ? 'doubtful' : 'bad'
  return { name: 'cross-entropy', verdict, words: `${percent(recovered)} recovered: ${numbers}.` }
}

function gradientCheck({ latents, worst }: Preflight['gradient']): PreflightCheck {
  if (latents.length === 0) return { name: 'gradient', verdict: 'skipped', words: 'No latent is active that could be checked.' }
  const verdict = worst <= GOOD_SLOPE ? 'good' : worst <= BAD_SLOPE ? 'doubtful' : 'bad'
  const words = `Slopes of ${latents.length} latents agree with finite differences to ${percent(worst)} at worst.`
  return { name: 'gradient', verdict, words }
}

/** The worst of the checks, and the sentence that says it. */
export function verdictOf(
  checks: readonly PreflightCheck[],
  names: { readonly sae: string; readonly model: string; readonly hook: string },
  suggestion: PreflightTrial | null,
  searched: boolean
): { verdict: Verdict; words: string } {
  const worst = checks.filter(({ verdict }) => verdict === 'bad')
  const weak = checks.filter(({ verdict }) => verdict === 'doubtful')
  const place = `${names.model} at ${names.hook}`
  if (worst.length === 0 && weak.length === 0) {
    if (suggestion)
      return { verdict: 'doubtful', words: `${names.sae} describes ${place}, but read another way it leaves much less unexplained.` }
    return { verdict: 'good', words: `${names.sae} describes ${place}.` }
  }
  const listed = (worst.length > 0 ? worst : weak)
    .map(({ name, words }) => `${name}: ${words.charAt(0).toLowerCase()}${words.slice(1)}`)
    .join(' ')
  const next = suggestion
    ? ` Read another way it does${suggestion.fvu < GOOD_FVU ? '' : ' better'}.`
    : searched
      ? ' No other reading that was tried helps: it probably belongs to another model or hook point.'
      : ''
  return worst.length > 0
    ? { verdict: 'bad', words: `${names.sae} does not describe ${place}: ${listed}${next}` }
    : {
        verdict: 'doubtful',
        words: `${names.sae} describes ${place} less well than published SAEs do: ${listed}${suggestion ? ' Read another way it does better.' : ''}`
      }
}

/** Smallest, middle and largest of the decoder rows' norms; `folded` when all are 1 to a thousandth. Dead rows of norm 0 are left out. */
export function normsOf(norms: Float32Array): Preflight['decoderNorms'] {
  const sorted = norms.filter((norm) => norm > 0).sort()
  const [min, median, max] = [sorted[0] ?? 0, sorted[sorted.length >> 1] ?? 0, sorted[sorted.length - 1] ?? 0]
  return { min, median, max, folded: Math.abs(min - 1) < 1e-3 && Math.abs(max - 1) < 1e-3 }
}

const digits = (value: number): string => String(Number(value.toPrecision(3)))
const percent = (share: number): string => `${digits(share * 100)} %`
