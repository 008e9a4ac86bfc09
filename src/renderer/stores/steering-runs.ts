import { defineStore } from 'pinia'
import { computed, nextTick, shallowRef, watch } from 'vue'
import { promptText as wholeText } from '../../shared/prompt-text'
import type { Recipe } from '../../shared/records/steering'
import type { Token } from '../../shared/records/token'
import { engine } from '../bridge'
import { conditionsOf, type ComparisonPlan } from '../utils/comparison-plan'
import { shown } from '../utils/errors'
import { anotherSeed } from '../utils/live-comparison'
import { copyName, sameEffect, type DraggedLatent } from '../utils/recipes'
import { useComparison } from './comparison'
import { useLibrary } from './library'
import { useMeasuring } from './measuring'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useRecipeSaes } from './recipe-saes'
import { NO_SAE, useRecipes } from './recipes'
import { useSteering } from './steering'

const PROMPT_END = 44

/** A prompt made of a column's prompt and its text up to a token, by its exact ids. */
export interface Continued {
  readonly tokens: readonly Token[]
  /** Tokens of it that were the prompt before. */
  readonly promptLength: number
  /** Where it comes from: "Recipe 2, token 14". */
  readonly from: string
}

/** Between the bench and the comparison: what a run is made from, running again, and going on from a saved comparison. */
export const useSteeringRuns = defineStore('steering-runs', () => {
  const comparison = useComparison()
  const library = useLibrary()
  const measuring = useMeasuring()
  const preflights = usePreflights()
  const project = useProject()
  const prompt = usePromptText()
  const recipes = useRecipes()
  const saes = useRecipeSaes()
  const steering = useSteering()

  /** What the bench writes on from instead of the prompt; null as usual. */
  const continued = shallowRef<Continued | null>(null)

  /** The run that the bench would make now. */
  const plan = computed<ComparisonPlan | null>(() => {
    const model = library.model
    if (!model) return null
    return {
      model: { path: model.path, name: model.name, hash: model.hash },
      sae: library.sae && { path: library.sae.path, name: library.sae.name, hash: library.sae.hash, notes: library.sae.notes },
      hook: library.hook,
      reading: library.reading,
      preflight: preflights.summary(model, library.sae),
      prompt: continued.value ? { ids: continued.value.tokens.map(({ id }) => id) } : prompt.input,
      promptTokens: continued.value ? continued.value.tokens : prompt.encodedText === prompt.text ? prompt.tokens : [],
      promptId: prompt.promptId,
      promptName: prompt.prompt?.name ?? '',
      recipes: steering.columns.map(saes.located),
      settings: steering.generation,
      target: steering.target,
      watched: measuring.watched,
      concept: measuring.asked
    }
  })
  const cannotRun = computed(() => (comparison.pinned ? null : steering.cannotRun))
  const changedSince = computed(() => {
    const made = comparison.plan
    const now = plan.value
    if (!made || !now || comparison.pinned || comparison.running || comparison.columns.length === 0) return false
    return conditionsOf(made) !== conditionsOf(now)
  })
  /** The end of the prompt, as the columns show it before their text. */
  const promptEnd = computed(() => {
    const text =
      comparison.columns.length > 0 ? promptText(comparison.plan) : continued.value ? textOf(continued.value.tokens) : prompt.text
    return text.length > PROMPT_END ? `… ${text.slice(-PROMPT_END).replace(/^\S*\s/, '')}` : text
  })

  function promptText(of: ComparisonPlan | null): string {
    if (!of) return ''
    return 'ids' in of.prompt ? textOf(of.promptTokens) : wholeText(of.prompt)
  }

  async function run(): Promise<void> {
    if (comparison.running || cannotRun.value !== null) return
    if (comparison.pinned && comparison.plan) return comparison.run(comparison.plan, true)
    prompt.flush()
    void recipes.flush()
    const now = plan.value
    const { model, sae } = library
    if (!now) return
    if (model && sae && now.recipes.length > 0 && !(await preflights.ensure(model, sae))) return
    // A preflight made just now belongs to the run.
    await comparison.run({ ...now, preflight: preflights.summary(model, sae) })
  }

  async function runWithAnotherSeed(): Promise<void> {
    const made = comparison.plan
    if (comparison.running) return
    if (comparison.pinned && made)
      return comparison.run({ ...made, settings: { ...made.settings, seed: anotherSeed(made.settings.seed) } }, true)
    steering.setGeneration({ seed: anotherSeed(steering.generation.seed) })
    await run()
  }

  /** Why a column cannot be run alone among the others; null where it can. */
  const cannotRunOne = computed(() => {
    if (comparison.running) return 'A run is under way.'
    if (cannotRun.value !== null) return cannotRun.value
    if (comparison.pinned) return 'Put this comparison onto the bench first.'
    if (!comparison.record) return 'Run all columns first.'
    return changedSince.value ? 'Prompt or settings were changed since: the other columns would not belong to the same run.' : null
  })

  /** Runs one column again and keeps the others, where they belong to the same run; else all. */
  async function runOne(id: string): Promise<void> {
    const recipe = steering.columns.find((each) => each.id === id)
    if (!recipe || comparison.running || cannotRun.value !== null) return
    if (cannotRunOne.value !== null) return run()
    void recipes.flush()
    const kept = new Set(comparison.columns.flatMap((column) => (column.recipe ? [column.recipe.id] : [])))
    const order = steering.columns.map((each) => each.id).filter((each) => each === id || kept.has(each))
    if (!(await comparison.runSome([saes.located(recipe)], order))) await run()
  }

  /** The prompt of the run on show as exact tokens; null when it cannot be read, which is told. */
  async function promptTokensShown(): Promise<readonly Token[] | null> {
    const made = comparison.plan
    if (!made) return null
    const known = comparison.record?.promptTokens ?? made.promptTokens
    if (known.length > 0) return known
    try {
      return (await engine.call('tokens.encode', { model: made.model.path, prompt: made.prompt })).tokens
    } catch (thrown) {
      comparison.error = shown(thrown)
      return null
    }
  }

  /** Makes the prompt and a column's text up to and with token `index` the new prompt, by its exact ids, and runs all columns from there. */
  async function continueFrom(column: number, index: number): Promise<void> {
    const live = comparison.columns[column]
    const made = comparison.plan
    if (!live || !made || comparison.running || index >= live.tokens.length) return
    const before = await promptTokensShown()
    if (!before) return
    const written = live.tokens
      .slice(0, index + 1)
      .map(({ id, text, hex, special }) => ({ id, text, special, ...(hex === undefined ? {} : { hex }) }))
    const tokens = [...before, ...written]
    if (comparison.pinned) {
      const next = { ...made, prompt: { ids: tokens.map(({ id }) => id) }, promptTokens: tokens }
      return comparison.run(next, true)
    }
    continued.value = { tokens, promptLength: before.length, from: `${live.recipe?.name ?? 'Baseline'}, token ${index + 1}` }
    await run()
  }

  /** Back to the prompt as it stands in the project. */
  const forgetContinued = (): void => void (continued.value = null)

  watch([() => prompt.text, () => prompt.promptId, () => library.model?.path, () => project.opened], forgetContinued)

  /** Puts a pinned comparison onto the bench: its prompt, settings, token and recipes, as new recipes where the project's differ. */
  async function edit(): Promise<void> {
    const made = comparison.plan
    if (!made) return
    library.chooseModel(made.model.path)
    if (made.sae) library.chooseSae(made.sae.path)
    if ('ids' in made.prompt) {
      // What the choice of the model changes is told to watchers first: it ends an earlier continuation.
      await nextTick()
      continued.value = { tokens: made.promptTokens, promptLength: made.promptTokens.length, from: 'an earlier run' }
    } else {
      const record = project.prompts.find((each) => each.id === made.promptId)
      const text = promptText(made)
      // A prompt that has been changed since stays as it is in the project.
      prompt.show(record?.text === text ? record.id : null, 'chat' in made.prompt ? made.prompt : text)
    }
    steering.setGeneration(made.settings)
    steering.setTarget(made.target)
    measuring.setWatched(made.watched)
    const onBench: Recipe[] = []
    for (const recipe of made.recipes) {
      const own = recipes.find(recipe.id)?.recipe
      const { id: _id, ...rest } = recipe
      const name = own
        ? copyName(
            recipe.name,
            recipes.all.map((each) => each.recipe.name)
          )
        : recipe.name
      const kept = own && sameEffect(own, recipe) ? own : await recipes.add(made.sae ?? NO_SAE, { ...rest, name })
      if (kept) onBench.push(kept)
    }
    steering.setColumns(onBench.map(({ id }) => id))
    if (onBench.length === made.recipes.length) comparison.unpin(onBench)
    else comparison.close()
  }

  /**
   * Latents sent here from a ranking: into the recipe touched last. Those of an SAE other than the bench's are named as such where recipes stand on
   * the bench already; an empty bench is opened with their SAE.
   */
  async function takeLatents(latents: readonly DraggedLatent[], saePath: string): Promise<void> {
    const other = saes.others.find(({ path }) => path === saePath)
    if (other && steering.columns.length > 0) return steering.addLatents(latents.map((each) => ({ ...each, sae: other.hash })))
    if (library.sae?.path !== saePath) library.chooseSae(saePath)
    await steering.addLatents(latents)
  }

  async function newRecipeWith(latents: readonly DraggedLatent[]): Promise<void> {
    const [only] = latents
    const name = latents.length === 1 && only?.label ? { name: only.label.slice(0, 40) } : {}
    const { id: _id, name: _name, ...rest } = steering.withDragged({ id: '', name: '', interventions: [], keepError: true }, latents)
    await steering.addRecipe({ ...rest, ...name })
  }

  return {
    cannotRun,
    cannotRunOne,
    changedSince,
    continued,
    promptEnd,
    promptText,
    run,
    runOne,
    runWithAnotherSeed,
    continueFrom,
    forgetContinued,
    edit,
    takeLatents,
    newRecipeWith
  }
})

function textOf(tokens: readonly Token[]): string {
  return tokens
    .filter(({ special }) => !special)
    .map(({ text, hex }) => (hex === undefined ? text : '\ufffd'))
    .join('')
}
