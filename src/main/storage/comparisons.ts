/** Saved comparisons and steering recipes. */
import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { ComparisonSummary } from '../../shared/records/project'
import type { SavedComparison } from '../../shared/records/project'
import { Comparison } from '../../shared/records/steering'
import type { Recipe } from '../../shared/records/steering'
import { mutate } from './history'
import type { Project } from './project'
import { defined, nextPosition } from './prompts'
import { promptText } from './prompt-text'
import { failRecord } from './rankings'
import type { Schema } from './schema'
import { quoted } from './words'

/** Saves a comparison; returns its id. */
export async function saveComparison(
  project: Project,
  given: { name: string; promptId: string | null; comparison: Comparison }
): Promise<string> {
  const id = randomUUID()
  const { comparison } = given
  await mutate(project, async (changes) => {
    if (given.promptId !== null) await changes.get('prompts', given.promptId)
    await changes.db
      .insertInto('comparison_payloads')
      .values({ id, body: JSON.stringify(comparison) })
      .execute()
    await changes.insert('comparisons', {
      id,
      name: given.name,
      notes: '',
      prompt_id: given.promptId,
      prompt_text: promptText(comparison.prompt, comparison.promptTokens),
      recipes: JSON.stringify(comparison.columns.flatMap(({ recipe }) => (recipe === null ? [] : [recipe.name]))),
      model: comparison.provenance.model.name,
      created_at: new Date().toISOString()
    })
    return `save comparison ${quoted(given.name)}`
  })
  return id
}

/** The whole of a saved comparison. Fails with RECORD_MISSING. */
export async function getComparison(project: Project, id: string): Promise<SavedComparison> {
  try {
    const row = await project.db.selectFrom('comparisons').selectAll().where('id', '=', id).executeTakeFirst()
    const payload = await project.db.selectFrom('comparison_payloads').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined || payload === undefined) return fail('RECORD_MISSING', { kind: 'comparison', id })
    return { ...comparisonSummary(row), comparison: Comparison.parse(JSON.parse(payload.body)) }
  } catch (thrown) {
    failRecord(project.path, `comparison ${id}`, thrown)
  }
}

/** Renames or annotates. */
export async function updateComparison(
  project: Project,
  id: string,
  given: { name?: string | undefined; notes?: string | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('comparisons', id)
    await changes.update('comparisons', id, defined({ name: given.name, notes: given.notes }))
    return `${given.name === undefined ? 'edit the notes of' : 'rename'} comparison ${quoted(name)}`
  })
}

export async function deleteComparison(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('comparisons', id)
    await changes.delete('comparisons', id)
    return `delete comparison ${quoted(name)}`
  })
}

/** Adds a recipe, or replaces the one with its id. */
export async function saveRecipe(project: Project, given: { recipe: Recipe; saePath: string; saeHash: string }): Promise<void> {
  const { recipe } = given
  const { id: _id, name: _name, interventions: _interventions, keepError: _keepError, ...more } = recipe
  await mutate(project, async (changes) => {
    const columns = {
      name: recipe.name,
      interventions: JSON.stringify(recipe.interventions),
      keep_error: recipe.keepError ? 1 : 0,
      more: Object.keys(more).length === 0 ? null : JSON.stringify(more),
      sae_path: given.saePath,
      sae_hash: given.saeHash,
      updated_at: new Date().toISOString()
    }
    const known = await changes.db.selectFrom('recipes').select('id').where('id', '=', recipe.id).executeTakeFirst()
    if (known !== undefined) {
      await changes.update('recipes', recipe.id, columns)
      return `change recipe ${quoted(recipe.name)}`
    }
    await changes.insert('recipes', { id: recipe.id, position: await nextPosition(changes.db, 'recipes'), ...columns })
    return `save recipe ${quoted(recipe.name)}`
  })
}

export async function deleteRecipe(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('recipes', id)
    await changes.delete('recipes', id)
    return `delete recipe ${quoted(name)}`
  })
}

export function comparisonSummary(row: Selectable<Schema['comparisons']>): ComparisonSummary {
  return ComparisonSummary.parse({
    id: row.id,
    name: row.name,
    promptId: row.prompt_id,
    promptText: row.prompt_text,
    recipes: z.array(z.string()).parse(JSON.parse(row.recipes)),
    model: row.model,
    notes: row.notes,
    createdAt: row.created_at
  })
}
