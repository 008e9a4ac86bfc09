/** Recipes of a comparison or a sweep, whole: each edit in words, what its number counts, where it acts, and what holds for all of them. */
import { createHash } from 'node:crypto'
import { formatNumber, plural, shortHash } from '../../../renderer/utils/format'
import type { Direction, Recipe } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { nameOf, typed } from '../parts'
import { editDetails, editWords, switchWords, type Known } from './words'

export function recipeHtml(recipe: Recipe, known: Known): Html {
  const edits = recipe.interventions.map((edit) => {
    const details = editDetails(edit, recipe, known)
    return html`<li>
      ${typed(editWords(edit, recipe, known))}${details === '' ? null : html`<br /><span class="soft">${typed(details)}</span>`}
    </li>`
  })
  return html`<section class="recipe">
    <h5>${typed(nameOf(recipe, 'recipe without a name'))}</h5>
    ${
      edits.length === 0
        ? html`<p class="soft">Nothing is edited.</p>`
        : html`<ol>
            ${edits}
          </ol>`
    }
    ${usedDirections(recipe).map(directionHtml)}
    <p class="soft">${sentence(switchWords(recipe).join('; '))}</p>
  </section>`
}

function usedDirections({ interventions, directions = [] }: Recipe): Direction[] {
  return directions.filter(({ id }) => interventions.some(({ direction }) => direction === id))
}

/** A direction by what identifies it: where it acts, what it is of, its length, and the hash of its float32 bytes. */
function directionHtml({ name, hook, vector, origin }: Direction): Html {
  const bytes = Buffer.from(vector, 'base64')
  const values = Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(4 * at))
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  const hash = createHash('sha256').update(bytes).digest('hex')
  return html`<p class="soft">
    Direction ${typed(`“${name}”`)} at <code>${hook}</code>: ${typed(origin === '' ? 'origin not known' : origin)};
    ${plural(values.length, 'number')}, norm ${formatNumber(norm)}, sha256:${shortHash(hash)}.
  </p>`
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
