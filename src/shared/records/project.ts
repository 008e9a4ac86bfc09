import { z } from 'zod'
import { ExperimentSummary } from './experiment'
import { LatentLabel } from './latent'
import { Comparison, Recipe } from './steering'
import { MethodName, Ranking } from './ranking'
import { PromptSetSummary, SetRunSummary } from './sets'
import { ChatInput } from './token'

/** Ids are UUIDs made by the archive; times are ISO 8601 in UTC. */
export const PromptGroup = z.object({ id: z.string(), name: z.string(), position: z.number() })
export type PromptGroup = z.infer<typeof PromptGroup>

export const PromptRecord = z.object({
  id: z.string(),
  groupId: z.string().nullable(),
  name: z.string(),
  /** Of a chat its turns as one reads them. */
  text: z.string(),
  /** Set where the prompt is a chat. */
  chat: ChatInput.nullable().default(null),
  notes: z.string(),
  position: z.number(),
  updatedAt: z.string()
})
export type PromptRecord = z.infer<typeof PromptRecord>

/** A saved ranking as lists show it. The whole of it comes with `rankings.get`. */
export const RankingSummary = z.object({
  id: z.string(),
  name: z.string(),
  promptId: z.string().nullable(),
  promptText: z.string(),
  method: MethodName,
  targetText: z.string(),
  targetValue: z.number(),
  model: z.string(),
  sae: z.string(),
  hook: z.string(),
  latents: z.number().int(),
  verified: z.number().int(),
  notes: z.string(),
  createdAt: z.string()
})
export type RankingSummary = z.infer<typeof RankingSummary>

export const SavedRanking = RankingSummary.extend({
  ranking: Ranking,
  /** Labels that its latents had when it was saved; latents without one are left out. */
  labels: z.array(LatentLabel)
})
export type SavedRanking = z.infer<typeof SavedRanking>

/** A steering recipe kept in the project, with the SAE it belongs to. */
export const SavedRecipe = z.object({
  recipe: Recipe,
  saePath: z.string(),
  saeHash: z.string(),
  position: z.number(),
  updatedAt: z.string()
})
export type SavedRecipe = z.infer<typeof SavedRecipe>

export const ComparisonSummary = z.object({
  id: z.string(),
  name: z.string(),
  promptId: z.string().nullable(),
  promptText: z.string(),
  recipes: z.array(z.string()),
  model: z.string(),
  notes: z.string(),
  createdAt: z.string()
})
export type ComparisonSummary = z.infer<typeof ComparisonSummary>

export const SavedComparison = ComparisonSummary.extend({ comparison: Comparison })
export type SavedComparison = z.infer<typeof SavedComparison>

/** The open project, as the window lists it. Sent whole after every change (it holds no big data). */
export const ProjectState = z.object({
  path: z.string(),
  name: z.string(),
  notes: z.string(),
  groups: z.array(PromptGroup),
  prompts: z.array(PromptRecord),
  rankings: z.array(RankingSummary),
  recipes: z.array(SavedRecipe),
  comparisons: z.array(ComparisonSummary),
  sets: z.array(PromptSetSummary).default([]),
  setRuns: z.array(SetRunSummary).default([]),
  experiments: z.array(ExperimentSummary).default([]),
  /** What undo and redo would do, in words; null when there is nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable(),
  savedAt: z.string()
})
export type ProjectState = z.infer<typeof ProjectState>

export const RecentProject = z.object({ path: z.string(), name: z.string(), openedAt: z.string(), exists: z.boolean() })
export type RecentProject = z.infer<typeof RecentProject>

/** Another ranking of the project in which a latent of the same SAE appears. */
export const LatentAppearance = z.object({
  rankingId: z.string(),
  name: z.string(),
  promptText: z.string(),
  method: MethodName,
  rank: z.number().int(),
  score: z.number(),
  targetText: z.string()
})
export type LatentAppearance = z.infer<typeof LatentAppearance>
