/** Calls answered by the archive process: projects, settings, reports. It never waits for a model. */
import { z } from 'zod'
import { LatentLabel } from '../records/latent'
import { LatentAppearance, ProjectState, RecentProject, SavedComparison, SavedRanking } from '../records/project'
import { Preflight } from '../records/preflight'
import { ExactCheck, Ranking } from '../records/ranking'
import { Settings } from '../records/settings'
import { Comparison, Recipe } from '../records/steering'
import { ChatInput } from '../records/token'
import { call } from './call'
import { experimentArchiveCalls } from './experiments'
import { setArchiveCalls } from './sets'
import { markArchiveCalls } from './steering'

const Id = z.object({ id: z.string() })
const State = z.object({ state: ProjectState })
const Created = z.object({ id: z.string(), state: ProjectState })

export const archiveCalls = {
  'settings.get': call({ input: z.object({}), output: Settings }),
  /** Preflights of every pair looked at, newest last. They belong to the machine's files, not to a project. */
  'preflights.list': call({ input: z.object({}), output: z.object({ preflights: z.array(Preflight) }) }),
  'preflights.save': call({ input: z.object({ preflight: Preflight }), output: z.object({}) }),
  'settings.set': call({ input: z.record(z.string(), z.unknown()), output: Settings }),

  'project.create': call({ input: z.object({ path: z.string(), name: z.string() }), output: State }),
  'project.open': call({ input: z.object({ path: z.string() }), output: State }),
  /** The demo project, copied once into the user-data folder, or made afresh when missing. */
  'project.openDemo': call({ input: z.object({}), output: State }),
  /** Writes a copy and goes on in it. */
  'project.saveAs': call({ input: z.object({ path: z.string() }), output: State }),
  'project.close': call({ input: z.object({}), output: z.object({}) }),
  'project.state': call({ input: z.object({}), output: z.object({ state: ProjectState.nullable() }) }),
  'project.update': call({ input: z.object({ name: z.string().optional(), notes: z.string().optional() }), output: State }),
  'project.recent': call({ input: z.object({}), output: z.object({ projects: z.array(RecentProject) }) }),
  'project.forget': call({ input: z.object({ path: z.string() }), output: z.object({ projects: z.array(RecentProject) }) }),
  'project.undo': call({ input: z.object({}), output: State }),
  'project.redo': call({ input: z.object({}), output: State }),

  'groups.add': call({ input: z.object({ name: z.string() }), output: Created }),
  'groups.update': call({ input: Id.extend({ name: z.string().optional(), position: z.number().optional() }), output: State }),
  /** Deletes the group; its prompts move out of it. */
  'groups.delete': call({ input: Id, output: State }),

  'prompts.add': call({
    input: z.object({
      text: z.string(),
      chat: ChatInput.nullable().default(null),
      name: z.string().default(''),
      groupId: z.string().nullable().default(null)
    }),
    output: Created
  }),
  'prompts.update': call({
    input: Id.extend({
      text: z.string().optional(),
      chat: ChatInput.nullable().optional(),
      name: z.string().optional(),
      notes: z.string().optional(),
      groupId: z.string().nullable().optional(),
      position: z.number().optional()
    }),
    output: State
  }),
  'prompts.duplicate': call({ input: Id, output: Created }),
  'prompts.delete': call({ input: Id, output: State }),

  'rankings.save': call({
    /** `labels`: what the SAE's folder says of the ranking's latents, kept with it for reports. */
    input: z.object({
      name: z.string(),
      promptId: z.string().nullable().default(null),
      ranking: Ranking,
      labels: z.array(LatentLabel).default([])
    }),
    output: Created
  }),
  'rankings.get': call({ input: Id, output: SavedRanking }),
  'rankings.update': call({
    input: Id.extend({ name: z.string().optional(), notes: z.string().optional(), exact: ExactCheck.optional() }),
    output: State
  }),
  'rankings.delete': call({ input: Id, output: State }),
  /** Rankings of the same SAE (by hash) in which the latent is active, best rank first. */
  'rankings.appearances': call({
    input: z.object({ saeHash: z.string(), latent: z.number().int() }),
    output: z.object({ appearances: z.array(LatentAppearance) })
  }),

  'recipes.save': call({ input: z.object({ recipe: Recipe, saePath: z.string(), saeHash: z.string() }), output: State }),
  'recipes.delete': call({ input: Id, output: State }),

  'comparisons.save': call({
    input: z.object({ name: z.string(), promptId: z.string().nullable().default(null), comparison: Comparison }),
    output: Created
  }),
  'comparisons.get': call({ input: Id, output: SavedComparison }),
  'comparisons.update': call({ input: Id.extend({ name: z.string().optional(), notes: z.string().optional() }), output: State }),
  'comparisons.delete': call({ input: Id, output: State }),
  /** Every token's numbers, one row per position of each column; beside csv and parquet `{path}.manifest.json`: recipes, settings, scores, provenance. */
  'comparisons.export': call({
    input: z.object({ ids: z.array(z.string()).min(1), path: z.string(), format: z.enum(['csv', 'json', 'parquet']) }),
    output: z.object({ path: z.string(), bytes: z.number(), rows: z.number().int() })
  }),

  ...setArchiveCalls,
  ...experimentArchiveCalls,
  ...markArchiveCalls,

  /** Builds a report of the open project; empty lists mean "none", at least one must be named. */
  'report.write': call({
    input: z.object({
      path: z.string(),
      format: z.enum(['html', 'csv', 'json']),
      title: z.string(),
      introduction: z.string().default(''),
      rankings: z.array(z.string()),
      comparisons: z.array(z.string()),
      setRuns: z.array(z.string()).default([]),
      experiments: z.array(z.string()).default([])
    }),
    output: z.object({ path: z.string(), bytes: z.number() })
  })
}
