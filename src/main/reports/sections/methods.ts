/** How the numbers of this report were made: only what the report uses, with formulas and sources. */
import { html } from '../html'
import type { Method, Report, ReportSection } from '../report'
import { EXPERIMENT_METHODS } from '../methods/experiments'
import { RANKING_METHODS } from '../methods/rankings'
import { STEERING_METHODS } from '../methods/steering'

const hasRankings = (report: Report): boolean => report.rankings.length > 0

const METHODS: readonly Method[] = [
  {
    name: 'Notation',
    uses: hasRankings,
    text: html`<p>
      The model is cut at the hook point. <var>x</var><sub>n</sub> is the residual stream there at position <var>n</var> of
      <var>N</var> counted positions; the SAE encodes it to activations <var>z</var><sub>n,i</sub> ≥ 0 of latents <var>i</var>, and decodes
      these to the reconstruction <var>x̂</var><sub>n</sub> = Σ<sub>i</sub> <var>z</var><sub>n,i</sub> <var>W</var
      ><sub>dec</sub>[<var>i</var>] + <var>b</var><sub>dec</sub>. What is left is the error <var>e</var><sub>n</sub> = <var>x</var
      ><sub>n</sub> − <var>x̂</var><sub>n</sub>. The target <var>t</var> is a number read off the logits; each ranking says which. Its
      gradient at the hook point, <var>g</var><sub>n</sub> = ∂<var>t</var>/∂<var>x</var><sub>n</sub>, is exact (reverse-mode differentiation
      of the model above the hook point), and ∂<var>t</var>/∂<var>z</var><sub>n,i</sub> = <var>g</var><sub>n</sub> · <var>W</var
      ><sub>dec</sub>[<var>i</var>]. Gradients do not pass below the hook point.
    </p>`
  },
  ...RANKING_METHODS,
  {
    name: 'What the latents explain',
    uses: hasRankings,
    text: html`<p class="formula">
        Σ<sub>n</sub> <var>g</var><sub>n</sub> · <var>x</var><sub>n</sub> = Σ<sub>n,i</sub> <var>z</var><sub>n,i</sub> ∂<var>t</var>/∂<var
          >z</var
        ><sub>n,i</sub> + Σ<sub>n</sub> <var>g</var><sub>n</sub> · <var>b</var><sub>dec</sub> + Σ<sub>n</sub> <var>g</var><sub>n</sub> ·
        <var>e</var><sub>n</sub>
      </p>
      <p>
        holds for every run up to rounding; the relative gap says how closely. FVU is the squared error over the squared distance from the
        mean of the prompt’s positions; L0 the mean number of active latents per position.
      </p>`
  },
  {
    name: 'Exact check',
    uses: (report) => report.rankings.some(({ ranking }) => ranking.exact !== null),
    text: html`<p>
        A score is a first-order estimate. The check sets one latent’s activation to zero at every counted position, runs the model under
        the same substitution, and takes the true change:
      </p>
      <p class="formula">effect<sub>i</sub> = <var>t</var> − <var>t</var>(<var>z</var><sub>·,i</sub> := 0)</p>
      <p>
        Pearson’s and Spearman’s correlations are between score and effect over the checked latents, usually the first of the ranking and
        thus no random sample of all. Where scores are means over positions, they and the effects are on different scales, and a perfect
        estimate does not lie on the diagonal.
      </p>`
  },
  ...EXPERIMENT_METHODS,
  ...STEERING_METHODS,
  {
    name: 'How to read it',
    uses: hasRankings,
    text: html`<p>
      Gradients are local: a latent may matter more, or less, than its score when it is changed by much. Activations with no influence on
      this target may influence others. Labels are hypotheses about latents, made from texts on which they are active; they are not part of
      any calculation.
    </p>`
  }
]

export const methods: ReportSection = {
  id: 'methods',
  heading: 'Methods',
  build: (report) =>
    html`${METHODS.filter((method) => method.uses(report)).map(
      (method) =>
        html`<h4>${method.name}</h4>
          ${method.text}`
    )}`
}
