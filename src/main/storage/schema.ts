import type { ColumnType, Generated } from 'kysely'

/** Bytes as libsql takes and gives them. */
export type Blob = ColumnType<ArrayBuffer, Uint8Array, never>

/**
 * The tables of a project file, as migrations.ts makes them. Times are ISO 8601 in UTC, ids are UUIDs, booleans 0 or 1.
 * What is big and never changes (a ranking's entries, a comparison's texts) lies in payload tables, so that rows that
 * history keeps images of stay small, and undoing a deletion copies nothing.
 */
export interface Schema {
  /** One row, id "project". */
  project: { id: string; name: string; notes: string; created_at: string; saved_at: string }
  prompt_groups: { id: string; name: string; position: number }
  prompts: {
    id: string
    group_id: string | null
    name: string
    /** Of a chat its turns as one reads them. */
    text: string
    /** ChatInput as JSON; null where the prompt is text. */
    chat: string | null
    notes: string
    position: number
    updated_at: string
  }
  rankings: {
    id: string
    name: string
    notes: string
    prompt_id: string | null
    prompt_text: string
    method: string
    target_text: string
    target_value: number
    model: string
    sae: string
    sae_hash: string
    hook: string
    latents: number
    verified: number
    /** ExactCheck as JSON, or null. */
    exact: string | null
    created_at: string
  }
  /** Same id as its row in `rankings`; kept while that row or the history names it. */
  ranking_payloads: {
    id: string
    /** Ranking without `entries` and `exact`, as JSON. */
    body: string
    /** Columns of LatentEntries: int32 and float32, little-endian, one number per active (position, latent) pair. */
    position: Blob
    latent: Blob
    activation: Blob
    gradient: Blob
    score: Blob
  }
  /** Every latent of every ranking, indexed by latent: answers "where else does it appear" and keeps its label. */
  ranking_latents: { ranking_id: string; latent: number; rank: number; score: number; label: string | null; label_source: string | null }
  recipes: {
    id: string
    name: string
    /** Intervention[] as JSON. */
    interventions: string
    keep_error: number
    /** What else the Recipe holds, as JSON; null where there is nothing. */
    more: string | null
    sae_path: string
    sae_hash: string
    position: number
    updated_at: string
  }
  comparisons: {
    id: string
    name: string
    notes: string
    prompt_id: string | null
    prompt_text: string
    /** Names of its recipes, as JSON. */
    recipes: string
    model: string
    created_at: string
  }
  /** Comparison as JSON; same id as its row in `comparisons`. */
  comparison_payloads: { id: string; body: string }
  /** What people said of two columns whose names were hidden. */
  marks: {
    id: string
    comparison_id: string
    question: string
    left_column: number
    right_column: number
    choice: string
    created_at: string
  }
  prompt_sets: {
    id: string
    name: string
    notes: string
    source: string
    /** How many, and the names of their groups as JSON. */
    prompts: number
    groups: string
    created_at: string
  }
  /** SetPrompt[] as JSON; same id as its row in `prompt_sets`. */
  prompt_set_payloads: { id: string; prompts: string }
  set_runs: {
    id: string
    set_id: string
    name: string
    notes: string
    /** SetSettings, and which model and SAE, as JSON. */
    settings: string
    bench: string
    model: string
    sae: string
    sae_hash: string
    hook: string
    prompts: number
    created_at: string
  }
  /** How many batches there are (0 before the first), and Provenance as JSON once it is finished; same id as its row in `set_runs`. */
  set_run_payloads: { id: string; batches: number; provenance: string | null }
  /**
   * A finished batch. Numbers lie as bytes, little-endian: of each prompt its place in the set and how many latents it has (int32), then
   * the columns of all prompts end to end (latent int32, the others float32). What is left of the SetResults is JSON. A latent is looked
   * up by reading the columns before `body`.
   */
  set_batches: {
    run_id: string
    batch: number
    failed: number
    prompt: Blob
    latents: Blob
    latent: Blob
    body: string
    score: Blob
    max_activation: Blob
    mean_activation: Blob
  }
  experiments: {
    id: string
    name: string
    notes: string
    experiment: string
    /** ExperimentSettings, and which model and SAE, as JSON. */
    settings: string
    bench: string
    model: string
    sae: string
    hook: string
    prompts: number
    /** Id of the experiment that it repeats, or null. */
    repeats: string | null
    created_at: string
  }
  /**
   * SetPrompt[] as JSON and how many parts there are (0 before the first). Once it is finished: the result's sentence, whether it came to
   * the same as the experiment that it repeats (null where it repeats none), manifest and result as JSON.
   */
  experiment_payloads: {
    id: string
    prompts: string
    parts: number
    sentence: string | null
    same: number | null
    manifest: string | null
    result: string | null
  }
  /** What a finished part left behind, as JSON. */
  experiment_parts: { experiment_id: string; part: number; data: string }
  /** One row per change a person made; `undone` ones can be done again. */
  history: { seq: Generated<number>; label: string; at: string; undone: number }
  /** The rows that a change touched, in order, as JSON images before and after; null where there was no row. */
  history_changes: { seq: number; n: number; table_name: string; row_id: string; before: string | null; after: string | null }
}

/** Tables whose changes history records. All have a text column `id`. */
export const RECORDED_TABLES = [
  'project',
  'prompt_groups',
  'prompts',
  'rankings',
  'recipes',
  'comparisons',
  'marks',
  'prompt_sets',
  'set_runs',
  'experiments'
] as const
export type RecordedTable = (typeof RECORDED_TABLES)[number]

/** "GSAE" in ASCII: bytes 68 to 71 of every project file. */
export const APPLICATION_ID = 0x47534145
