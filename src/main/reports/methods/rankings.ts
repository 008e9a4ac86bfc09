/** How the scores of each method are made: what the report's rankings and set runs use, with formulas and sources. */
import type { MethodName } from '../../../shared/records/ranking'
import { html } from '../html'
import type { Method, Report } from '../report'

const ranksBy = ({ rankings, setRuns }: Report, method: MethodName): boolean =>
  rankings.some(({ ranking }) => ranking.method === method) || setRuns.some(({ run }) => run.settings.method === method)

export const RANKING_METHODS: readonly Method[] = [
  {
    name: 'GradSAE',
    uses: (report) => ranksBy(report, 'gradsae'),
    text: html`<p>
        The reconstruction alone takes the place of the residual stream at every position. The target is the probability <var>p</var> of the
        chosen token, unless the ranking says otherwise.
      </p>
      <p class="formula">
        score<sub>i</sub> = (1/<var>N</var>) Σ<sub>n</sub> max(0, <var>z</var><sub>n,i</sub> · ∂<var>p</var>/∂<var>z</var><sub>n,i</sub>)
      </p>
      <p>
        Negative contributions are cut off position by position, before the mean. Shu, Wu, Zhao, Du and Liu, “Beyond Input Activations:
        Identifying Influential Latents by Gradient Sparse Autoencoders”, EMNLP 2025 (arXiv 2505.08080), with the order of mean and ReLU of
        the authors’ code.
      </p>`
  },
  {
    name: 'Attribution',
    uses: (report) => ranksBy(report, 'attribution'),
    text: html`<p>
        The SAE’s error is kept, so the model runs as it is. The target is the logit of the chosen token, before the softmax, unless the
        ranking says otherwise.
      </p>
      <p class="formula">score<sub>i</sub> = Σ<sub>n</sub> <var>z</var><sub>n,i</sub> · ∂logit/∂<var>z</var><sub>n,i</sub></p>
      <p>Scores are signed: a negative one lowers the target. Latents are listed by the size of their score.</p>`
  },
  {
    name: 'Attribution to a counterfactual prompt',
    uses: (report) => ranksBy(report, 'counterfactual'),
    text: html`<p>The activations <var>z</var>′ of another prompt of as many tokens take the place of zero, token by token.</p>
      <p class="formula">
        score<sub>i</sub> = Σ<sub>n</sub> (<var>z</var><sub>n,i</sub> − <var>z</var>′<sub>n,i</sub>) · ∂<var>t</var>/∂<var>z</var
        ><sub>n,i</sub>
      </p>
      <p>
        The error’s share is (<var>e</var><sub>n</sub> − <var>e</var>′<sub>n</sub>) · <var>g</var><sub>n</sub> at each position. Attribution
        patching, as Marks et al. 2024 (arXiv 2403.19647) use it; their indirect effect has the other sign.
      </p>`
  },
  {
    name: 'Integrated gradients',
    uses: (report) => ranksBy(report, 'integrated-gradients'),
    text: html`<p>
        The gradient is averaged along the straight path from the baseline (no activation, or a counterfactual prompt’s) to the prompt’s
        own:
      </p>
      <p class="formula">
        score<sub>i</sub> = Σ<sub>n</sub> (<var>z</var><sub>n,i</sub> − <var>z</var>′<sub>n,i</sub>) · (1/<var>K</var>) Σ<sub>k</sub>
        ∂<var>t</var>/∂<var>z</var><sub>n,i</sub> at <var>z</var>′ + ((<var>k</var> + ½)/<var>K</var>) (<var>z</var> − <var>z</var>′)
      </p>
      <p>
        All latents move together, so the contributions add up to the change of the target but for a gap that is reported and falls with
        1/<var>K</var>². Sundararajan et al. 2017 (arXiv 1703.01365), at midpoints.
      </p>`
  },
  {
    name: 'Gradient alone',
    uses: (report) => ranksBy(report, 'gradient'),
    text: html`<p class="formula">
      score<sub>i</sub> = Σ ∂<var>t</var>/∂<var>z</var><sub>n,i</sub> over the positions where the latent is active
    </p>`
  },
  {
    name: 'Activations alone',
    uses: (report) => ranksBy(report, 'mean-activation') || ranksBy(report, 'max-activation'),
    text: html`<p>
      Mean activation: (1/<var>N</var>) Σ<sub>n</sub> <var>z</var><sub>n,i</sub>, the baseline of the GradSAE paper. Largest activation:
      max<sub>n</sub> <var>z</var><sub>n,i</sub>. Neither asks what a latent does.
    </p>`
  },
  {
    name: 'Direct logit attribution',
    uses: (report) => ranksBy(report, 'direct-logit'),
    text: html`<p class="formula">
        score<sub>i</sub> = Σ<sub>n</sub> <var>z</var><sub>n,i</sub> · (<var>W</var><sub>dec</sub>[<var>i</var>] <var>γ</var>/<var>s</var
        ><sub>n</sub>) · <var>W</var><sub>U</sub>
      </p>
      <p>
        over the positions whose logits the target reads, with <var>s</var><sub>n</sub> the final norm’s scale held as it is: what a latent
        writes straight into the logit, later blocks left out.
      </p>`
  },
  {
    name: 'Exact ablation of every latent',
    uses: (report) => ranksBy(report, 'exact'),
    text: html`<p>
      No estimate: each active latent is set to zero at every counted position, the rest of the model runs again, and its score is the
      target before minus the target after.
    </p>`
  },
  {
    name: 'Random order',
    uses: (report) => ranksBy(report, 'random'),
    text: html`<p>The active latents in an order drawn from the seed: the control that every method must beat.</p>`
  }
]
