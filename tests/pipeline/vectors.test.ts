/** Recipes taken away and brought back on the default model: every format, and the same text to the last bit of every log-probability. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { vectorToText } from '../../src/main/steering/vector-text'
import type { ComparisonColumn, Direction, Recipe } from '../../src/shared/records/steering'
import { DEFAULT_GENERATION } from '../../src/shared/records/steering'
import { handlerTask, openEngine } from '../support/engine'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL } from '../support/models'
import { edit, recipeOf } from '../support/vectors'

const engine = openEngine()
const sae = (name: string): string => join(DEFAULT_MODEL, '../saes', name)
const BENCH = { model: DEFAULT_MODEL, sae: sae('blocks.3.hook_resid_post-topk-2048'), hook: null, device: 'cpu' as const }
const OTHER = sae('blocks.4.hook_resid_post-topk-2048')
const PROMPT = { text: 'Mia lost her red ball in the park. She felt very' }

/** The steered column of a comparison of this recipe alone, so that it has the same place in the batch each time. */
async function column(recipe: Recipe): Promise<ComparisonColumn> {
  const settings = { ...DEFAULT_GENERATION, maxTokens: 16, stopAtEnd: false }
  const input = { ...BENCH, prompt: PROMPT, recipes: [recipe], settings, target: null, score: true }
  const { columns } = await engine['steering.compare'](input, handlerTask())
  const [, steered] = columns
  if (!steered) throw new Error('there is a steered column')
  return steered
}

async function again(recipe: Recipe, format: 'json' | 'safetensors' | 'gguf'): Promise<Recipe> {
  const path = join(await temporaryFolder(), `recipe.${format}`)
  await engine['steering.export']({ ...BENCH, recipe, format, path }, handlerTask())
  return (await engine['steering.import']({ path, model: DEFAULT_MODEL, hook: null }, handlerTask())).recipe
}

/** Text, tokens, log-probabilities and KL; recipes have other ids and ways of writing, and edits along a sum are one. */
const numbersOf = ({ text, tokens, scores }: ComparisonColumn): unknown => ({ text, tokens, scores })

async function recipes(): Promise<Record<string, Recipe>> {
  const { hash } = await engine['sae.open']({ sae: OTHER }, handlerTask())
  const other = { name: 'other', path: OTHER, hash, hook: null, reading: {} }
  const odd = Float32Array.from({ length: 192 }, (_, index) => Math.fround(0.37 * Math.sin(index)))
  const direction: Direction = { id: 'd', name: 'd', hook: 'blocks.4.hook_resid_pre', vector: vectorToText(odd), origin: 'by hand' }
  return {
    'one edit with a factor that float32 cannot hold': recipeOf([edit({ latent: 1615, coefficient: 9.3 })]),
    'one edit in units of the largest activation': recipeOf([edit({ latent: 577, coefficient: 0.7, unit: 'max', unitValue: 13.1 })]),
    'several edits of one hook point, rounded once': recipeOf([
      edit({ latent: 1615, coefficient: 3.3 }),
      edit({ latent: 577, coefficient: 7.7, unit: 'unit-row' }),
      edit({ latent: 12, coefficient: -2.1 })
    ]),
    'two SAEs and a direction at a place with two names': recipeOf(
      [
        edit({ latent: 1615, coefficient: 3.3 }),
        edit({ latent: 40, coefficient: 5.1, sae: hash }),
        edit({ latent: 0, direction: 'd', coefficient: 2.3 })
      ],
      { saes: [other], directions: [direction], editSpecial: false }
    )
  }
}

describe('a recipe that was exported and imported', () => {
  it.each(['json', 'safetensors', 'gguf'] as const)('as %s writes the same text with the same numbers', async (format) => {
    const baseline = await column(recipeOf([]))
    for (const [name, recipe] of Object.entries(await recipes())) {
      const [before, after] = [await column(recipe), await column(await again(recipe, format))]
      expect(numbersOf(after), name).toEqual(numbersOf(before))
      // The recipe does something, so that sameness says something.
      expect(
        before.tokens.map(({ logprob }) => logprob),
        name
      ).not.toEqual(baseline.tokens.map(({ logprob }) => logprob))
    }
  })
})

describe('a direction from groups of prompts', () => {
  it('is made by the engine and steers', async () => {
    const prompts = (texts: string[]): { text: string }[] => texts.map((text) => ({ text }))
    const groups: [{ name: string; prompts: { text: string }[] }, { name: string; prompts: { text: string }[] }] = [
      { name: 'joy', prompts: prompts(['Tom got a new kite. He felt very', 'The sun was out and Lily felt very']) },
      { name: 'sorrow', prompts: prompts(['Tom broke his kite. He felt very', 'The rain came and Lily felt very']) }
    ]
    const request = {
      model: DEFAULT_MODEL,
      device: 'cpu' as const,
      hook: 'blocks.3.hook_resid_post',
      name: 'joy',
      groups,
      position: 'last' as const
    }
    const direction = await engine['steering.direction'](request, handlerTask())
    const recipe = recipeOf([edit({ latent: 0, direction: direction.id, coefficient: 3 })], { directions: [direction] })
    const [steered, baseline] = [await column(recipe), await column(recipeOf([]))]
    expect(steered.text).not.toBe(baseline.text)
    expect(numbersOf(await column(await again(recipe, 'gguf')))).toEqual(numbersOf(steered))
  })
})
