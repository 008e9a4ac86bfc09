/** How runs over prompt sets and experiments are made: what the report uses, with sources. */
import type { ExperimentName } from '../../../shared/records/experiment'
import { html } from '../html'
import type { Method, Report } from '../report'

const has = ({ experiments }: Report, name: ExperimentName): boolean => experiments.some(({ experiment }) => experiment === name)

export const EXPERIMENT_METHODS: readonly Method[] = [
  {
    name: 'Prompt sets',
    uses: ({ setRuns }) => setRuns.length > 0,
    text: html`<p>
      Every prompt is ranked by itself. A latent’s mean is over all prompts with a result, 0 where it is not active. Intervals are
      percentile bootstrap intervals of 95 %, whole prompts drawn with replacement. Groups are compared latent by latent with the two-sided
      Mann-Whitney test, corrected for the number of latents (Benjamini-Hochberg).
    </p>`
  },
  {
    name: 'Masking',
    uses: (report) => has(report, 'masking'),
    text: html`<p>
      The <var>K</var> latents with the largest scores, and the <var>K</var> with the smallest above 0, are set to zero at every position of
      prompt and answer, with the SAE spliced in; the greedy answer is scored by SQuAD’s exact match and F1. Hypothesis 1 of Shu et al. 2025
      (arXiv 2505.08080), with further methods and intervals.
    </p>`
  },
  {
    name: 'Transplant',
    uses: (report) => has(report, 'transplant'),
    text: html`<p>
      “Local steering”: the question’s own highest latents are set to zero and those of another question on the same text written in;
      counted is whether the answer becomes the other question’s. Hypothesis 2 of Shu et al. 2025, as the paper describes it and as its code
      does it.
    </p>`
  },
  {
    name: 'Faithfulness',
    uses: (report) => has(report, 'faithfulness'),
    text: html`<p>
      Deletion takes latents away one after the other in a method’s order, insertion puts them into an empty reconstruction; the curves are
      the target’s value against the number of latents. A faithful order falls, or rises, early: the area says how early.
    </p>`
  },
  {
    name: 'Agreement',
    uses: (report) => has(report, 'agreement'),
    text: html`<p>How far rankings of the same prompts agree: overlap of their first latents (Jaccard) and rank correlation (Spearman).</p>`
  },
  {
    name: 'Sweep',
    uses: (report) => has(report, 'sweep'),
    text: html`<p>
        Every recipe runs at every strength <var>s</var> on every prompt and seed, beside the baseline of the same prompt and seed, which
        stands for strength 0. A strength multiplies what is added, set or clamped to; a factor that scales or projects goes from 1 at
        strength 0 to its own at 1; ablate and cap are the same at every strength but 0. Each text is scored without a judge (concept,
        fluency, relatedness, each from 0 to 2, and their harmonic mean, 0 if one of them is 0: the scale of AxBench, arXiv 2501.17148), for
        the concept of the first latent that its recipe edits.
      </p>
      <p>
        A prompt’s number is the mean over its seeds. Intervals are percentile bootstrap intervals of 95 % over prompts, drawn whole with
        replacement. A strength is useful where the net concept (of the text beside the baseline’s, less that of the baseline’s beside the
        text, so that chance alone comes to 0) has its whole interval above 0, and there are two prompts or more, and the mean fluency keeps
        at least the chosen share of the baseline’s; neighbouring strengths make a range. The strength of a recipe is chosen on one half of
        the prompts, drawn by the seed, by its overall score, and its score is reported on the other half, so that no prompt both chooses
        and judges.
      </p>`
  },
  {
    name: 'Steerability',
    uses: (report) => has(report, 'steerability'),
    text: html`<p>
        On every prompt the first latents of each predictor and a random draw of all active ones are added alone at each strength and seed.
        Predictors are the rankings, the input score (share of up to 100 texts, the latent’s strongest, whose strongest token is among its
        promoted ones) and the output score ((1 − <var>rank</var>/<var>V</var>) <var>p</var> of its likeliest promoted token after the
        latent is raised on “From my experience,”) of Arad et al. 2025 (arXiv 2505.20063), and a random number.
      </p>
      <p>
        A text’s score is the harmonic mean of concept and fluency, each from 0 to 2, against the baseline’s text of the same seed; the
        strength is chosen on one half of the seeds and reported on the other, and the other way round. Predictors are compared by
        Spearman’s rank correlation with that score over the latents of a prompt, averaged over prompts; intervals are percentile bootstrap
        intervals of 95 % over prompts, drawn whole with replacement, and differences are paired. Because the concept counts promoted
        tokens, which input and output score are made of, the same is told by the latent’s activation read back from the text alone, and by
        how far the model’s distributions move.
      </p>`
  }
]
