import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { SaeInfo } from '../../shared/records/model'
import type { SavedRecipe } from '../../shared/records/project'
import type { Recipe } from '../../shared/records/steering'
import { archive } from '../bridge'
import { assignColours, BASELINE_COLOUR, copyName, freeName } from '../utils/recipes'
import { useProject } from './project'

const SAVE_DELAY = 400

/** The home of recipes that were made where there is no SAE. */
export const NO_SAE: Pick<SaeInfo, 'path' | 'hash'> = { path: '', hash: '' }

/** A recipe as it was edited, and the SAE that it means where it names none. */
type Draft = Pick<SavedRecipe, 'recipe' | 'saePath' | 'saeHash'>

/** The project's recipes. Edits show at once and are saved a moment later; each save is one step of undo. */
export const useRecipes = defineStore('recipes', () => {
  const project = useProject()
  /** Edits that are not saved yet. */
  const drafts = shallowRef<ReadonlyMap<string, Draft>>(new Map())
  const colours = shallowRef<ReadonlyMap<string, number>>(new Map())
  let timer: ReturnType<typeof setTimeout> | undefined

  const all = computed<readonly SavedRecipe[]>(() => project.recipes.map((saved) => ({ ...saved, ...drafts.value.get(saved.recipe.id) })))

  const find = (id: string): SavedRecipe | null => all.value.find(({ recipe }) => recipe.id === id) ?? null
  const colour = (id: string | null): number => (id === null ? BASELINE_COLOUR : (colours.value.get(id) ?? 0))

  /** Changes a recipe of the project; `sae` is the SAE that it means from now on, absent: the one it meant. */
  function edit(recipe: Recipe, sae?: Pick<SaeInfo, 'path' | 'hash'>): void {
    const saved = find(recipe.id)
    if (!saved) return
    const draft: Draft = { recipe, saePath: sae?.path ?? saved.saePath, saeHash: sae?.hash ?? saved.saeHash }
    drafts.value = new Map([...drafts.value, [recipe.id, draft]])
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), SAVE_DELAY)
  }

  /** Saves what was edited now. */
  async function flush(): Promise<void> {
    clearTimeout(timer)
    for (const [id, draft] of drafts.value) {
      if (project.recipes.some((each) => each.recipe.id === id)) await project.change(() => archive.call('recipes.save', draft))
      if (drafts.value.get(id) === draft) forget(id)
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
    const { id: _id, ...rest } = saved.recipe
    return add({ path: saved.saePath, hash: saved.saeHash }, { ...rest, name: copyName(rest.name, names()) })
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
