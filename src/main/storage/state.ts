/** The open project as the window lists it. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { ProjectState } from '../../shared/records/project'
import { Recipe } from '../../shared/records/steering'
import { failDatabase } from './failures'
import { historyLabels } from './history'
import type { Project } from './project'
import { rankingSummary } from './rankings'
import { comparisonSummary } from './comparisons'
import { experimentSummaries } from './experiments'
import { setSummaries } from './prompt-sets'
import { runSummaries } from './set-runs'
import type { Schema } from './schema'
import { storedJson } from './stored-json'

/** Everything but the big payloads, checked by its schema. Lists are in the order that the window shows. */
export async function projectState(project: Project): Promise<ProjectState> {
  try {
    return ProjectState.parse(await read(project))
  } catch (thrown) {
    if (thrown instanceof z.ZodError)
      throw new Error(`the project holds a record that its schema refuses: ${z.prettifyError(thrown)}`, { cause: thrown })
    failDatabase(project.path, thrown)
  }
}

async function read(project: Project): Promise<unknown> {
  const { db } = project
  const row = await db.selectFrom('project').selectAll().executeTakeFirstOrThrow()
  const groups = await db.selectFrom('prompt_groups').selectAll().orderBy('position').orderBy('name').execute()
  const rankings = await db.selectFrom('rankings').selectAll().orderBy('created_at', 'desc').orderBy('id').execute()
  const comparisons = await db.selectFrom('comparisons').selectAll().orderBy('created_at', 'desc').orderBy('id').execute()
  return {
    path: project.path,
    name: row.name,
    notes: row.notes,
    groups,
    prompts: await prompts(db),
    rankings: rankings.map(rankingSummary),
    recipes: await recipes(db),
    comparisons: comparisons.map(comparisonSummary),
    sets: await setSummaries(db),
    setRuns: await runSummaries(db),
    experiments: await experimentSummaries(db),
    ...(await historyLabels(db)),
    savedAt: row.saved_at
  }
}

async function prompts(db: Kysely<Schema>): Promise<unknown[]> {
  const rows = await db.selectFrom('prompts').selectAll().orderBy('position').orderBy('id').execute()
  return rows.map(({ group_id, updated_at, chat, ...rest }) => ({
    ...rest,
    chat: chat === null ? null : storedJson(chat),
    groupId: group_id,
    updatedAt: updated_at
  }))
}

async function recipes(db: Kysely<Schema>): Promise<unknown[]> {
  const rows = await db.selectFrom('recipes').selectAll().orderBy('position').orderBy('id').execute()
  return rows.map((row) => ({
    recipe: Recipe.parse({
      ...z.record(z.string(), z.unknown()).parse(storedJson(row.more ?? '{}')),
      id: row.id,
      name: row.name,
      interventions: storedJson(row.interventions),
      keepError: row.keep_error === 1
    }),
    saePath: row.sae_path,
    saeHash: row.sae_hash,
    position: row.position,
    updatedAt: row.updated_at
  }))
}
