/** Saved rankings: what lists show in columns, the rest as JSON, entries as bytes, every latent in an index. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import type { LatentLabel } from '../../shared/records/latent'
import { LatentAppearance, RankingSummary, type SavedRanking } from '../../shared/records/project'
import { ExactCheck, Ranking } from '../../shared/records/ranking'
import { entriesFromBytes, entriesToBytes } from './columns'
import { failDatabase } from './failures'
import { mutate } from './history'
import type { Project } from './project'
import { defined } from './prompts'
import { promptText } from './prompt-text'
import type { Schema } from './schema'
import { quoted } from './words'

const Body = Ranking.omit({ entries: true, exact: true })

/** Saves a ranking; returns its id. `labels` of its latents are kept with it, so that reports need no SAE folder. */
export async function saveRanking(
  project: Project,
  given: { name: string; promptId: string | null; ranking: Ranking; labels: readonly LatentLabel[] }
): Promise<string> {
  const id = randomUUID()
  const { exact, entries, ...body } = given.ranking
  await mutate(project, async (changes) => {
    if (given.promptId !== null) await changes.get('prompts', given.promptId)
    await changes.db
      .insertInto('ranking_payloads')
      .values({ id, body: JSON.stringify(body), ...entriesToBytes(entries) })
      .execute()
    await indexLatents(changes.db, id, given.ranking, given.labels)
    await changes.insert('rankings', {
      id,
      name: given.name,
      notes: '',
      prompt_id: given.promptId,
      prompt_text: promptText(body.prompt, body.tokens),
      method: body.method,
      target_text: body.target.hex ?? body.target.text,
      target_value: body.target.value,
      model: body.provenance.model.name,
      sae: body.provenance.sae.name,
      sae_hash: body.provenance.sae.hash,
      hook: body.provenance.hook,
      latents: body.latents.length,
      verified: exact?.effects.length ?? 0,
      exact: exact === null ? null : JSON.stringify(exact),
      created_at: new Date().toISOString()
    })
    return `save ranking ${quoted(given.name)}`
  })
  return id
}

/** The whole of a saved ranking. Fails with RECORD_MISSING. */
export async function getRanking(project: Project, id: string): Promise<SavedRanking> {
  try {
    const row = await project.db.selectFrom('rankings').selectAll().where('id', '=', id).executeTakeFirst()
    const payload = await project.db.selectFrom('ranking_payloads').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined || payload === undefined) return fail('RECORD_MISSING', { kind: 'ranking', id })
    const exact = row.exact === null ? null : ExactCheck.parse(JSON.parse(row.exact))
    const ranking = { ...Body.parse(JSON.parse(payload.body)), entries: entriesFromBytes(payload), exact }
    return { ...rankingSummary(row), ranking, labels: await labelsOf(project.db, id) }
  } catch (thrown) {
    failRecord(project.path, `ranking ${id}`, thrown)
  }
}

/** Renames, annotates, or adds an exact check. */
export async function updateRanking(
  project: Project,
  id: string,
  given: { name?: string | undefined; notes?: string | undefined; exact?: ExactCheck | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('rankings', id)
    const check = given.exact === undefined ? {} : { exact: JSON.stringify(given.exact), verified: given.exact.effects.length }
    await changes.update('rankings', id, { ...defined({ name: given.name, notes: given.notes }), ...check })
    const verb = given.exact !== undefined ? 'add the exact check to' : given.name !== undefined ? 'rename' : 'edit the notes of'
    return `${verb} ranking ${quoted(name)}`
  })
}

export async function deleteRanking(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('rankings', id)
    await changes.delete('rankings', id)
    return `delete ranking ${quoted(name)}`
  })
}

/** Rankings of the SAE with `saeHash` in which `latent` is active, best rank first. Ranks count from 1. */
export async function appearances(project: Project, saeHash: string, latent: number): Promise<LatentAppearance[]> {
  try {
    const rows = await project.db
      .selectFrom('ranking_latents as l')
      .innerJoin('rankings as r', 'r.id', 'l.ranking_id')
      .select([
        'r.id as rankingId',
        'r.name',
        'r.prompt_text as promptText',
        'r.method',
        'l.rank',
        'l.score',
        'r.target_text as targetText'
      ])
      .where('l.latent', '=', latent)
      .where('r.sae_hash', '=', saeHash)
      .orderBy('l.rank')
      .orderBy('r.created_at', 'desc')
      .execute()
    return z.array(LatentAppearance).parse(rows)
  } catch (thrown) {
    failDatabase(project.path, thrown)
  }
}

export function rankingSummary(row: Selectable<Schema['rankings']>): RankingSummary {
  return RankingSummary.parse({
    id: row.id,
    name: row.name,
    promptId: row.prompt_id,
    promptText: row.prompt_text,
    method: row.method,
    targetText: row.target_text,
    targetValue: row.target_value,
    model: row.model,
    sae: row.sae,
    hook: row.hook,
    latents: row.latents,
    verified: row.verified,
    notes: row.notes,
    createdAt: row.created_at
  })
}

/** Thousands of rows in one statement. */
async function indexLatents(db: Kysely<Schema>, id: string, ranking: Ranking, labels: readonly LatentLabel[]): Promise<void> {
  const known = new Map(labels.map((label) => [label.latent, label]))
  const rows = ranking.latents.map(({ latent, score }, at) => {
    const label = known.get(latent)
    return { latent, rank: at + 1, score, label: label?.label ?? null, source: label?.source ?? null }
  })
  await sql`insert into ranking_latents (ranking_id, latent, rank, score, label, label_source)
    select ${id}, value ->> 'latent', value ->> 'rank', value ->> 'score', value ->> 'label', value ->> 'source'
    from json_each(${JSON.stringify(rows)})`.execute(db)
}

async function labelsOf(db: Kysely<Schema>, id: string): Promise<LatentLabel[]> {
  const rows = await db
    .selectFrom('ranking_latents')
    .select(['latent', 'label', 'label_source'])
    .where('ranking_id', '=', id)
    .where('label', 'is not', null)
    .orderBy('rank')
    .execute()
  return rows.map((row) => ({ latent: row.latent, label: row.label ?? '', source: row.label_source ?? '' }))
}

/** A stored record that its schema refuses is damage; everything else as the database says it. */
export function failRecord(path: string, what: string, thrown: unknown): never {
  if (thrown instanceof z.ZodError || thrown instanceof SyntaxError)
    fail('PROJECT_INVALID', { path, reason: `the ${what} is damaged` }, thrown)
  failDatabase(path, thrown)
}
