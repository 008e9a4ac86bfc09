/** Each steering comparison: its settings, the recipes whole, the texts side by side, every score with its parts, marks, and the numbers along the texts. */
import { formatNumber, plural, shortHash } from '../../../renderer/utils/format'
import { promptText } from '../../../shared/prompt-text'
import type { ConceptSettings } from '../../../shared/records/scores'
import type { Comparison } from '../../../shared/records/steering'
import type { ChatInput } from '../../../shared/records/token'
import { charts } from '../comparison/charts'
import { marksHtml } from '../comparison/marks'
import { recipeHtml } from '../comparison/recipes'
import { changedLatents, scores } from '../comparison/scores'
import { texts } from '../comparison/texts'
import { knownIn, latentWords } from '../comparison/words'
import { html, type Html } from '../html'
import { facts, nameOf, paragraphs, strip, tokenText, typed } from '../parts'
import type { Draw, ReportedComparison, ReportSection } from '../report'

export const comparison: ReportSection = {
  id: 'comparisons',
  heading: 'Steering comparisons',
  build: (report, draw) => (report.comparisons.length === 0 ? null : html`${report.comparisons.map((saved, at) => one(saved, at, draw))}`)
}

function one(saved: ReportedComparison, at: number, draw: Draw): Html {
  const { comparison } = saved
  const recipes = comparison.columns.flatMap(({ recipe }) => (recipe === null ? [] : [recipe]))
  return html`<article id="comparison-${at + 1}">
    <h3>${typed(nameOf(saved, `Comparison ${at + 1}`))}</h3>
    ${paragraphs(saved.notes)} ${facts(settings(comparison))}
    <h4>Prompt</h4>
    ${prompt(comparison)}
    ${
      recipes.length === 0
        ? null
        : html`<h4>Recipes</h4>
            <div class="recipes">${recipes.map((recipe) => recipeHtml(recipe, knownIn(comparison, recipe)))}</div>`
    }
    <h4>Texts</h4>
    ${texts(comparison)}
    <h4>Scores</h4>
    ${scores(comparison)} ${marksHtml(saved.marks, comparison)} ${changedLatents(comparison, knownIn(comparison))}
    ${charts(comparison, draw)}
  </article>`
}

function settings(comparison: Comparison): [string, Html | string | null][] {
  const { settings: generation, provenance, target, watched = [], concept } = comparison
  const { temperature, topK, topP, seed, maxTokens, stopAtEnd } = generation
  const sampling =
    temperature === 0
      ? 'greedy'
      : `temperature ${formatNumber(temperature)}, top-k ${topK === 0 ? 'off' : topK}, top-p ${formatNumber(topP)}, seed ${seed}`
  const tokens = [...(target === null ? [] : [target]), ...watched]
  const saes = [...(provenance.sae === null ? [] : [{ ...provenance.sae, hook: provenance.hook }]), ...(provenance.others ?? [])]
  return [
    ['Sampling', `${sampling}; at most ${plural(maxTokens, 'token')}${stopAtEnd ? ', ends at the end-of-text token' : ''}`],
    [
      tokens.length > 1 ? 'Watched tokens' : 'Watched token',
      tokens.length === 0 ? null : html`${tokens.map((token) => html`${tokenText(token)} `)}`
    ],
    ['Concept', concept ? conceptHtml(concept, comparison) : null],
    ['Model', html`${typed(provenance.model.name)} <span class="soft">${shortHash(provenance.model.hash)}</span>`],
    [
      saes.length > 1 ? 'SAEs' : 'SAE',
      saes.length === 0
        ? null
        : html`${saes.map(
            ({ name, hook, hash }, at) =>
              html`${at === 0 ? null : html`<br />`}${typed(name)}${hook === null ? '' : html` at <code>${hook}</code>`}
                <span class="soft">${shortHash(hash)}</span>`
          )}`
    ]
  ]
}

/** What the concept scores are about. */
function conceptHtml({ latent, promoted, keywords, pattern, otherPrompts }: ConceptSettings, comparison: Comparison): Html {
  const known = knownIn(comparison)
  const of = latent ? latentWords(latent.latent, known.label(latent.latent, latent.sae)) : 'the first latent that each recipe edits'
  const words = [
    html`${typed(of)}, by its ${plural(promoted, 'most promoted token')} and its activation`,
    ...(keywords.length === 0 ? [] : [html`the words ${typed(keywords.join(', '))}`]),
    ...(pattern === '' ? [] : [html`matches of <code class="wrap">${pattern}</code>`])
  ]
  const others = otherPrompts.map((other) => html`${typed(`“${promptText(other)}”`)} `)
  return html`${words.map((each, at) => html`${at === 0 ? '' : '; '}${each}`)}${
    others.length === 0 ? '' : html`<br />Relatedness is against ${plural(others.length, 'other prompt')}: ${others}`
  }`
}

/** A chat turn by turn first; then, as for every prompt, the tokens that the model read. */
function prompt({ prompt: given, promptTokens }: Comparison): Html {
  const tokens = strip(
    promptTokens.map((token, position) => ({ token, value: 0, note: `position ${position}` })),
    { kind: 'size', limit: 1 }
  )
  return 'chat' in given
    ? html`${turns(given)}
        <p class="soft">As the model’s own template writes it:</p>
        ${tokens}`
    : tokens
}

function turns({ chat }: ChatInput): Html {
  return html`<dl class="chat">
    ${chat.map(
      ({ role, content }) =>
        html`<div>
          <dt>${role}</dt>
          <dd class="typed" dir="auto">${content}</dd>
        </div>`
    )}
  </dl>`
}
