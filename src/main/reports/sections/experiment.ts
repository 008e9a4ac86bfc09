/** Each experiment: what was found in one sentence, its tables and curves, what it was run with. */
import { z } from 'zod'
import { formatCount, formatDuration, formatNumber, plural, shortHash } from '../../../renderer/utils/format'
import { settingRows } from '../../../renderer/utils/results'
import { Recipe } from '../../../shared/records/steering'
import { recipeHtml } from '../comparison/recipes'
import type { Known } from '../comparison/words'
import { html, type Html } from '../html'
import { facts, nameOf, paragraphs, typed } from '../parts'
import type { Draw, ReportedExperiment, ReportSection } from '../report'
import { resultCurves, resultTable } from '../result-table'

export const experiment: ReportSection = {
  id: 'experiments',
  heading: 'Experiments',
  build: (report, draw) =>
    report.experiments.length === 0 ? null : html`${report.experiments.map((saved, at) => one(saved, at, draw, report.experiments))}`
}

const KIND_WORDS = {
  masking: 'masking of the latents that methods rank highest and lowest',
  transplant: 'local steering: latents of another question on the same text written in',
  faithfulness: 'deletion and insertion of latents in the order of each method',
  agreement: 'agreement of rankings',
  sweep: 'steering recipes at several strengths',
  steerability: 'what predicts how well a latent steers'
} as const

function one(saved: ReportedExperiment, at: number, draw: Draw, all: readonly ReportedExperiment[]): Html {
  const { result } = saved
  return html`<article id="experiment-${at + 1}">
    <h3>${typed(nameOf(saved, `Experiment ${at + 1}`))}</h3>
    ${
      result === null
        ? html`<p class="warning">
            <strong>Unfinished.</strong> ${formatCount(saved.done)} of ${formatCount(saved.parts)} parts were done when the report was
            written.
          </p>`
        : html`<p class="finding">${result.sentence}</p>`
    }
    ${reproduction(saved, all)} ${paragraphs(saved.notes)} ${facts(settings(saved))} ${recipes(saved)}
    ${
      result === null
        ? null
        : html`${resultCurves(result, draw)} ${result.tables.map(resultTable)}
          ${result.notes.map((note) => html`<p class="soft">${note}</p>`)}
          ${result.tables.length + result.curves.length > 0 ? html`<p class="soft">Intervals: 95 %, bootstrap over prompts.</p>` : null}`
    }
    ${manifestLine(saved)}
  </article>`
}

function reproduction({ repeats, reproduction: found }: ReportedExperiment, all: readonly ReportedExperiment[]): Html | null {
  if (repeats === null || found === null) return null
  const original = all.find(({ id }) => id === repeats.id)
  const what = original ? html`“${typed(original.name)}”` : html`the experiment <code class="wrap">${repeats.id}</code>`
  return html`<p>
    It repeats ${what}
    ${
      found.same
        ? 'and came to the same, bit for bit.'
        : `and did not come to the same numbers; the largest difference is ${formatNumber(found.largest)}.`
    }
  </p>`
}

function settings(saved: ReportedExperiment): [string, Html | string][] {
  return [
    ['Experiment', KIND_WORDS[saved.experiment]],
    ['Model and SAE', html`${typed(saved.model)}, ${typed(saved.sae)}`],
    ['Hook point', html`<code>${saved.hook}</code>`],
    ['Prompts', plural(saved.setPrompts.length, 'prompt')],
    // Recipes stand below, whole; what was left empty says nothing.
    ...settingRows([], saved.settings).flatMap(([name, value]): [string, Html][] =>
      name === 'recipes' || value === '' ? [] : [[name, typed(value)]]
    )
  ]
}

/** Recipes among the settings, whole: their names alone would not say what was run. */
function recipes({ settings: given, sae, hook }: ReportedExperiment): Html | null {
  const read = z.array(Recipe).safeParse(given.recipes)
  if (!read.success || read.data.length === 0) return null
  const known = ({ saes = [] }: Recipe): Known => ({
    label: () => null,
    sae: (hash) => (hash === undefined ? { name: sae, hook } : (saes.find((each) => each.hash === hash) ?? null))
  })
  return html`<h4>Recipes at strength 1</h4>
    <div class="recipes">${read.data.map((recipe) => recipeHtml(recipe, known(recipe)))}</div>`
}

/** What the numbers depend on, on one line; all of it is in the JSON report and in the experiment's own export. */
function manifestLine({ id, manifest }: ReportedExperiment): Html | null {
  if (manifest === null) return null
  const { bench, versions, createdAt, milliseconds } = manifest
  const programs = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
  return html`<p class="soft">
    Manifest: model ${shortHash(bench.model.hash)}, SAE ${shortHash(bench.sae.hash)}, on ${bench.device.used}, ${programs}; made
    ${createdAt} in ${formatDuration(milliseconds)}; record <code class="wrap">${id}</code>.
  </p>`
}
