/** How steered texts are made and measured: what the report uses, with sources. */
import { html } from '../html'
import type { Method, Report } from '../report'

const measured = ({ comparisons }: Report): boolean =>
  comparisons.some(({ comparison }) => comparison.columns.some(({ measures }) => measures !== null && measures !== undefined))

export const STEERING_METHODS: readonly Method[] = [
  {
    name: 'Steering',
    uses: (report) => report.comparisons.length > 0 || report.experiments.some(({ experiment }) => experiment === 'sweep'),
    text: html`<p>
        Each edit changes the value <var>x</var><sub>n</sub> at its hook point, at the positions that it names and where its condition
        holds. <var>r</var> is the latent’s decoder row or the direction, <var>r̂</var> the same divided by its norm, <var>a</var> the
        latent’s activation there, <var>c</var> the coefficient in its unit:
      </p>
      <p class="formula">
        <em>add</em> <var>x</var> + <var>c</var> <var>r</var>; <em>set</em> <var>a</var> := <var>c</var>; <em>scale</em> <var>a</var> :=
        <var>c</var> <var>a</var>; <em>ablate</em> <var>a</var> := 0; <em>clamp</em> <var>a</var> kept between two bounds;
        <em>project</em> the part of <var>x</var> along <var>r̂</var> times <var>c</var>; <em>cap</em> that part at most <var>c</var>
      </p>
      <p>
        With the error kept, the hook value changes by the edits alone; without it, the edited reconstruction takes its place at every
        position. The size of an edit is ‖edited − before‖ / ‖before‖ of the hook value, the largest over hook points. Every column begins
        with the same prompt and seed, and does not depend on the columns beside it.
      </p>
      <p>
        The finished texts are read once more by the unsteered model. Log-probabilities and perplexity, exp(−mean log-probability), are
        under it; KL is KL(steered ‖ unsteered) of the next-token distributions at each generated token, in nats. They measure how far a
        text is from what the model would have written, not how good it is.
      </p>`
  },
  {
    name: 'Scores without a judge',
    uses: measured,
    text: html`<p>
      Concept, fluency and relatedness are formulas, each from 0 to 2, and their harmonic mean is the overall score: 0 if one of them is 0.
      The scale and the mean are AxBench’s (arXiv 2501.17148), whose parts are ratings of a language model; the formulas stand with each
      comparison. The baseline’s text is what concept and fluency are measured against, so scores of different prompts or settings do not
      compare.
    </p>`
  },
  {
    name: 'Blind marks',
    uses: ({ comparisons }) => comparisons.some(({ marks }) => marks.length > 0),
    text: html`<p>
      People were shown two texts at a time without being told whose they are, in an order drawn at random, and said which has more of the
      concept, reads better, or is better.
    </p>`
  }
]
