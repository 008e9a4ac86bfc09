import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { Recipe } from '../../shared/records/steering'
import { anotherSeed } from '../utils/live-comparison'
import { copyName, sameEffect, type DraggedLatent } from '../utils/recipes'
import { useComparison, type ComparisonPlan } from './comparison'
import { useLibrary } from './library'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useRecipeSaes } from './recipe-saes'
import { NO_SAE, useRecipes } from './recipes'
import { useSteering } from './steering'

const PROMPT_END = 44

/** Between the bench and the comparison: what a run is made from, running again, and going on from a saved comparison. */
export const useSteeringRuns = defineStore('steering-runs', () => {
  const comparison = useComparison()
  const library = useLibrary()
  const preflights = usePreflights()
  const project = useProject()
  const prompt = usePromptText()
  const recipes = useRecipes()
  const saes = useRecipeSaes()
  const steering = useSteering()

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
      prompt: { text: prompt.text },
      promptTokens: prompt.encodedText === prompt.text ? prompt.tokens : [],
      promptId: prompt.promptId,
      promptName: prompt.prompt?.name ?? '',
      recipes: steering.columns.map(saes.located),
      settings: steering.generation,
      target: steering.target
    }
  })
  const cannotRun = computed(() => (comparison.pinned ? null : steering.cannotRun))
  const changedSince = computed(() => {
    const made = comparison.plan
    const now = plan.value
    if (!made || !now || comparison.pinned || comparison.running || comparison.columns.length === 0) return false
    return conditions(made) !== conditions(now)
  })
  /** The end of the prompt, as the columns show it before their text. */
  const promptEnd = computed(() => {
    const text = comparison.columns.length > 0 ? promptText(comparison.plan) : prompt.text
    return text.length > PROMPT_END ? `… ${text.slice(-PROMPT_END).replace(/^\S*\s/, '')}` : text
  })

  function promptText(of: ComparisonPlan | null): string {
    if (!of) return ''
    return 'text' in of.prompt ? of.prompt.text : of.promptTokens.map((token) => token.text).join('')
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

  /** Puts a pinned comparison onto the bench: its prompt, settings, token and recipes, as new recipes where the project's differ. */
  async function edit(): Promise<void> {
    const made = comparison.plan
    if (!made) return
    library.chooseModel(made.model.path)
    if (made.sae) library.chooseSae(made.sae.path)
    const record = project.prompts.find((each) => each.id === made.promptId)
    const text = promptText(made)
    // A prompt that has been changed since stays as it is in the project.
    prompt.show(record?.text === text ? record.id : null, text)
    steering.setGeneration(made.settings)
    steering.setTarget(made.target)
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

  return { cannotRun, changedSince, promptEnd, promptText, run, runWithAnotherSeed, edit, takeLatents, newRecipeWith }
})

/** What a run depends on besides its recipes, whose changes show on their own columns. */
function conditions({ model, sae, hook, prompt, settings, target }: ComparisonPlan): string {
  return JSON.stringify([model.path, sae?.path, hook, prompt, settings, target?.id])
}
