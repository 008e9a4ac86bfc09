/** Settings of a sweep, and what one part of it leaves behind. */
import { z } from 'zod'
import { ColumnMeasures } from '../../shared/records/scores'
import { Recipe } from '../../shared/records/steering'

/** Numbers without one that stands twice, in ascending order. */
const distinct = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

export const Settings = z.object({
  recipes: z.array(Recipe).max(16).default([]),
  /** Strengths at which each recipe runs; 0, which is the baseline, always belongs to them. */
  coefficients: z
    .array(z.number().min(-1e6).max(1e6))
    .min(1)
    .max(64)
    .default([0.25, 0.5, 1, 2, 4])
    .transform((given) => distinct([0, ...given])),
  seeds: z.array(z.number().int()).min(1).max(64).default([1]).transform(distinct),
  maxTokens: z.number().int().min(1).max(1024).default(40),
  temperature: z.number().min(0).max(10).default(0.7),
  topK: z.number().int().min(0).default(0),
  topP: z.number().gt(0).max(1).default(1),
  /** The token whose probability is watched, as text; "" none. */
  target: z.string().default(''),
  /** Promoted tokens of the first latent that a recipe edits count as its concept; */
  promoted: z.number().int().min(1).max(1000).default(20),
  /** so do these words, parted by commas, and matches of this expression. */
  keywords: z.string().default(''),
  pattern: z.string().default(''),
  /** Whether texts are also scored against the other prompts. */
  relatedness: z.boolean().default(false),
  /** Fluency has fallen where its mean is below this share of the baseline's. */
  floor: z.number().min(0).max(1).default(0.75),
  resamples: z.number().int().min(100).max(10_000).default(1000),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
})
export type SweepSettings = z.infer<typeof Settings>

/** The recipes with a number after names that stood before, so that rows and curves of a result belong to one recipe each. */
export function namedApart(recipes: readonly Recipe[]): Recipe[] {
  const used = new Set(recipes.map(({ name }) => name))
  return recipes.map((recipe, at) => {
    if (recipes.findIndex(({ name }) => name === recipe.name) === at) return recipe
    let n = 2
    while (used.has(`${recipe.name} (${n})`)) n++
    const name = `${recipe.name} (${n})`
    used.add(name)
    return { ...recipe, name }
  })
}

/** One generated text with its numbers. */
export const Cell = z.object({
  /** Place of the recipe in the settings. At strength 0 it is the baseline’s text, scored for this recipe’s concept. */
  recipe: z.number().int().nonnegative(),
  coefficient: z.number(),
  text: z.string(),
  tokens: z.number().int(),
  finished: z.enum(['length', 'end']),
  /** Mean of ||edit|| / ||hook value|| at the positions tokens were chosen from. */
  editSize: z.number(),
  /** Probability of the watched token: at the first token, and on average. */
  target: z.object({ first: z.number(), mean: z.number() }).nullable(),
  /** Mean KL(steered || unsteered) along the text, in nats. */
  kl: z.number(),
  measures: ColumnMeasures
})
export type SweepCell = z.infer<typeof Cell>

/** All texts of one prompt and seed. */
export const Part = z.object({ prompt: z.number().int(), id: z.string(), seed: z.number().int(), cells: z.array(Cell) })
export type SweepPart = z.infer<typeof Part>
