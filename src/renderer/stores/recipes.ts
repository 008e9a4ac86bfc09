import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { SaeInfo } from '../../shared/records/model'
import type { SavedRecipe } from '../../shared/records/project'
import type { Recipe } from '../../shared/records/steering'
import { archive } from '../bridge'
import { assignColours, BASELINE_COLOUR, copyName, freeName } from '../utils/recipes'
import { useProject } from './project'

const SAVE_DELAY = 400

/** The project's recipes. Edits show at once and are saved a moment later; each save is one step of undo. */
export const useRecipes = defineStore('recipes', () => {
  const project = useProject()
  /** Edits that are not saved yet. */
  const drafts = shallowRef<ReadonlyMap<string, Recipe>>(new Map())
  const colours = shallowRef<ReadonlyMap<string, number>>(new Map())
  let timer: ReturnType<typeof setTimeout> | undefined

  const all = computed<readonly SavedRecipe[]>(() =>
    project.recipes.map((saved) => {
      const recipe = drafts.value.get(saved.recipe.id)
      return recipe ? { ...saved, recipe } : saved
    })
  )

  const find = (id: string): SavedRecipe | null => all.value.find(({ recipe }) => recipe.id === id) ?? null
  const colour = (id: string | null): number => (id === null ? BASELINE_COLOUR : (colours.value.get(id) ?? 0))

  function edit(recipe: Recipe): void {
    drafts.value = new Map([...drafts.value, [recipe.id, recipe]])
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), SAVE_DELAY)
  }

  /** Saves what was edited now. */
  async function flush(): Promise<void> {
    clearTimeout(timer)
    for (const [id, recipe] of drafts.value) {
      const saved = project.recipes.find((each) => each.recipe.id === id)
      if (saved) await project.change(() => archive.call('recipes.save', { recipe, saePath: saved.saePath, saeHash: saved.saeHash }))
      if (drafts.value.get(id) === recipe) forget(id)
    }
  }

  function forget(id: string): void {
    drafts.value = new Map([...drafts.value].filter(([each]) => each !== id))
  }

  /** Adds a recipe for the SAE; gives it, or null when it could not be saved. */
  async function add(sae: Pick<SaeInfo, 'path' | 'hash'>, start: Partial<Omit<Recipe, 'id'>> = {}): Promise<Recipe | null> {
    const recipe: Recipe = { id: crypto.randomUUID(), name: freeName(names()), interventions: [], keepError: true, ...start }
    return (await project.change(() => archive.call('recipes.save', { recipe, saePath: sae.path, saeHash: sae.hash }))) ? recipe : null
  }

  async function duplicate(id: string): Promise<Recipe | null> {
    const saved = find(id)
    if (!saved) return null
    const { name, interventions, keepError } = saved.recipe
    return add({ path: saved.saePath, hash: saved.saeHash }, { name: copyName(name, names()), interventions, keepError })
  }

  async function remove(id: string): Promise<void> {
    const saved = find(id)
    if (!saved) return
    await flush()
    await project.remove(`the recipe “${saved.recipe.name}”`, () => archive.call('recipes.delete', { id }))
  }

  const names = (): string[] => all.value.map(({ recipe }) => recipe.name)

  watch(
    () => project.recipes.map(({ recipe }) => recipe.id),
    (ids) => (colours.value = assignColours(colours.value, ids)),
    { immediate: true }
  )
  // Closing the window must not lose what was typed a moment before.
  window.addEventListener('beforeunload', () => void flush())
  watch(
    () => project.opened,
    () => (drafts.value = new Map())
  )

  return { all, colours, find, colour, edit, flush, add, duplicate, remove }
})
