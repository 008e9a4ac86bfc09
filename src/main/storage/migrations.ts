/**
 * How a project file comes to its present form: an explicit list, oldest first, run by Kysely's Migrator inside one
 * transaction. A published migration is never edited; a change of the format is a new entry.
 */
import { sql } from 'kysely'
import type { Kysely, Migration } from 'kysely'
import { APPLICATION_ID } from './schema'

interface NamedMigration extends Migration {
  readonly name: string
}

// Migrations speak of tables as they were then, so they are not typed by today's schema.
type Database = Kysely<unknown>

async function run(db: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const first: NamedMigration = {
  name: '0001-first',
  async up(db: Database) {
    await run(db, [
      `pragma application_id = ${APPLICATION_ID}`,
      'create table project (id text primary key, name text not null, notes text not null, created_at text not null, saved_at text not null)',
      'create table prompt_groups (id text primary key, name text not null, position real not null)',
      `create table prompts (id text primary key, group_id text references prompt_groups (id), name text not null, text text not null,
        notes text not null, position real not null, updated_at text not null)`,
      `create table ranking_payloads (id text primary key, body text not null, position blob not null, latent blob not null,
        activation blob not null, gradient blob not null, score blob not null)`,
      `create table rankings (id text primary key references ranking_payloads (id), name text not null, notes text not null,
        prompt_id text references prompts (id), prompt_text text not null, method text not null, target_text text not null,
        target_value real not null, model text not null, sae text not null, sae_hash text not null, hook text not null,
        latents integer not null, verified integer not null, exact text, created_at text not null)`,
      `create table ranking_latents (latent integer not null, ranking_id text not null references ranking_payloads (id) on delete cascade,
        rank integer not null, score real not null, label text, label_source text, primary key (latent, ranking_id)) without rowid`,
      'create index ranking_latents_by_ranking on ranking_latents (ranking_id)',
      `create table recipes (id text primary key, name text not null, interventions text not null, keep_error integer not null,
        sae_path text not null, sae_hash text not null, position real not null, updated_at text not null)`,
      'create table comparison_payloads (id text primary key, body text not null)',
      `create table comparisons (id text primary key references comparison_payloads (id), name text not null, notes text not null,
        prompt_id text references prompts (id), prompt_text text not null, recipes text not null, model text not null, created_at text not null)`,
      'create table history (seq integer primary key autoincrement, label text not null, at text not null, undone integer not null)',
      `create table history_changes (seq integer not null references history (seq) on delete cascade, n integer not null,
        table_name text not null, row_id text not null, before text, after text, primary key (seq, n)) without rowid`,
      'create index history_changes_by_row on history_changes (table_name, row_id)',
      'pragma user_version = 1'
    ])
  }
}

const sets: NamedMigration = {
  name: '0002-sets-and-experiments',
  async up(db: Database) {
    await run(db, [
      'create table prompt_set_payloads (id text primary key, prompts text not null)',
      `create table prompt_sets (id text primary key references prompt_set_payloads (id), name text not null, notes text not null,
        source text not null, prompts integer not null, groups text not null, created_at text not null)`,
      'create table set_run_payloads (id text primary key, batches integer not null, provenance text)',
      `create table set_runs (id text primary key references set_run_payloads (id), set_id text not null references prompt_sets (id),
        name text not null, notes text not null, settings text not null, bench text not null, model text not null, sae text not null,
        sae_hash text not null, hook text not null, prompts integer not null, created_at text not null)`,
      `create table set_batches (run_id text not null references set_run_payloads (id) on delete cascade, batch integer not null,
        failed integer not null, prompt blob not null, latents blob not null, latent blob not null, body text not null, score blob not null,
        max_activation blob not null, mean_activation blob not null, primary key (run_id, batch))`,
      `create table experiment_payloads (id text primary key, prompts text not null, parts integer not null, sentence text, same integer,
        manifest text, result text)`,
      `create table experiments (id text primary key references experiment_payloads (id), name text not null, notes text not null,
        experiment text not null, settings text not null, bench text not null, model text not null, sae text not null, hook text not null,
        prompts integer not null, repeats text, created_at text not null)`,
      `create table experiment_parts (experiment_id text not null references experiment_payloads (id) on delete cascade,
        part integer not null, data text not null, primary key (experiment_id, part))`,
      'pragma user_version = 2'
    ])
  }
}

const steering: NamedMigration = {
  name: '0003-steering',
  async up(db: Database) {
    await run(db, [
      'alter table recipes add column more text',
      `create table marks (id text primary key, comparison_id text not null references comparison_payloads (id), question text not null,
        left_column integer not null, right_column integer not null, choice text not null, created_at text not null)`,
      'create index marks_by_comparison on marks (comparison_id)',
      'pragma user_version = 3'
    ])
  }
}

const chats: NamedMigration = {
  name: '0004-chats',
  async up(db: Database) {
    await run(db, ['alter table prompts add column chat text', 'pragma user_version = 4'])
  }
}

export const MIGRATIONS: readonly NamedMigration[] = [first, sets, steering, chats]

/** The `user_version` of a file that has every migration; a file with a higher one comes from a newer workbench. */
export const FORMAT_VERSION = MIGRATIONS.length
