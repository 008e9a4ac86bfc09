import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { DEFAULT_GENERATION, GenerationSettings, type Direction, type Recipe } from '../../shared/records/steering'
import { Token } from '../../shared/records/token'
import { interventionFor } from '../utils/interventions'
import { interventionAlong } from '../utils/interventions'
import { needsBench, withLatents, type DraggedLatent } from '../utils/recipes'
import { parseJson } from '../utils/remembered'
import { useAnalysis } from './analysis'
import { useLibrary } from './library'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useRecipeSaes, type Apart } from './recipe-saes'
import { NO_SAE, useRecipes } from './recipes'
import { useSettings } from './settings'
import { useToasts } from './toasts'

const SHOWN_AT_FIRST = 3
const MAX_COLUMNS = 16
/** Windows narrower than this start without the list of latents. */
const SHELF_FROM = 1700

/** The Steer view's bench: which recipes stand beside the baseline, how text is generated, which token is watched. */
export const useSteering = defineStore('steering', () => {
  const analysis = useAnalysis()
  const library = useLibrary()
  const preflights = usePreflights()
  const project = useProject()
  const prompt = usePromptText()
  const recipes = useRecipes()
  const saes = useRecipeSaes()
  const settings = useSettings()
  const toasts = useToasts()

  const generation = computed<GenerationSettings>(
    () => parseJson(GenerationSettings, settings.uiText('steer.generation', '')) ?? DEFAULT_GENERATION
  )
  const target = computed<Token | null>(() => parseJson(Token, settings.uiText('steer.target', '')))
  const showLogprob = computed(() => settings.uiFlag('steer.logprob', false))
  const folded = computed(() => settings.uiFlag('steer.folded', false))
  const shelfOpen = computed(() => settings.uiFlag('steer.shelf', window.innerWidth >= SHELF_FROM))
  /** The recipe that "Steer" and Enter act on: the one touched last. */
  const activeId = ref<string | null>(null)

  /** Recipes that mean the SAE at work, or none but those they name; others cannot stand in the same comparison as they are. */
  const fitting = computed(() => recipes.all.filter(({ recipe }) => saes.fits(recipe.id)))
  const benchKey = computed(() => `steer.bench:${project.state?.path ?? ''}`)
  const wanted = computed<readonly string[]>(() => {
    const text = settings.uiText(benchKey.value, '')
    if (text !== '') return text.split(' ')
    return (fitting.value.length > 0 ? fitting.value : recipes.all).slice(0, SHOWN_AT_FIRST).map(({ recipe }) => recipe.id)
  })
  const columns = computed<readonly Recipe[]>(() =>
    wanted.value.flatMap((id) => fitting.value.filter(({ recipe }) => recipe.id === id).map(({ recipe }) => recipe)).slice(0, MAX_COLUMNS)
  )

  /** Recipes that were put on the bench and cannot stand on it as it is now, with what can be done. */
  const apart = computed<readonly (Apart & { readonly recipe: Recipe })[]>(() =>
    wanted.value.flatMap((id) => {
      const found = saes.apart(id)
      const recipe = recipes.find(id)?.recipe
      return found && recipe ? [{ ...found, recipe }] : []
    })
  )

  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (prompt.text === '') return 'Type a prompt first.'
    if (prompt.tooLong) return 'The prompt is longer than the model’s context.'
    const usesBench = columns.value.some(needsBench)
    if (usesBench && !library.hook) return 'Choose the hook point the SAE was trained at.'
    if (usesBench && preflights.refused(library.model, library.sae)) return 'The preflight says that this SAE does not describe the model.'
    return null
  })

  function setGeneration(patch: Partial<GenerationSettings>): void {
    settings.remember('steer.generation', JSON.stringify({ ...generation.value, ...patch }))
  }

  function setTarget(next: Token | null): void {
    settings.remember('steer.target', next === null ? '' : JSON.stringify(Token.parse(next)))
  }

  function setColumns(ids: readonly string[]): void {
    settings.remember(benchKey.value, ids.length === 0 ? ' ' : ids.join(' '))
  }

  /** The columns in a new order or number; what waits apart goes on waiting. */
  function place(ids: readonly string[]): void {
    setColumns([...ids, ...apart.value.map(({ recipe }) => recipe.id).filter((id) => !ids.includes(id))])
  }

  /** Puts a recipe on the bench. One of another SAE opens an empty bench with it, and waits apart where others stand already. */
  function show(id: string): void {
    if (!recipes.find(id)) return
    const other = saes.apart(id)
    if (other?.bench && columns.value.length === 0) library.chooseSae(other.bench.path)
    if (!columns.value.some((recipe) => recipe.id === id)) place([...columns.value.map((recipe) => recipe.id), id])
    activeId.value = id
  }

  function hide(id: string): void {
    setColumns(wanted.value.filter((each) => each !== id))
  }

  /** Lets a recipe that waits apart stand here: its SAE is named in it. */
  function nameSae(id: string): void {
    const named = saes.apart(id)?.named
    if (!named) return
    const before = columns.value.map((recipe) => recipe.id)
    const waiting = apart.value.map(({ recipe }) => recipe.id).filter((each) => each !== id)
    recipes.edit(named, library.sae ?? NO_SAE)
    setColumns([...before, id, ...waiting])
    activeId.value = id
  }

  /** A new recipe as the last column; null when it could not be saved. */
  async function addRecipe(start: Partial<Omit<Recipe, 'id'>> = {}): Promise<Recipe | null> {
    const before = columns.value.map((recipe) => recipe.id)
    const recipe = await recipes.add(library.sae ?? NO_SAE, start)
    if (recipe) place([...before, recipe.id])
    if (recipe) activeId.value = recipe.id
    return recipe
  }

  /** A copy as the next column; null when it could not be saved. */
  async function duplicate(id: string): Promise<Recipe | null> {
    const before = columns.value.map((recipe) => recipe.id)
    const copy = await recipes.duplicate(id)
    if (!copy) return null
    const at = before.indexOf(id) + 1
    place([...before.slice(0, at), copy.id, ...before.slice(at)])
    activeId.value = copy.id
    return copy
  }

  /** Deletes the recipe from the project (undo brings it back to its place). */
  const remove = (id: string): Promise<void> => recipes.remove(id)

  /** Puts a latent into a recipe: the one named, else the one touched last, else the last column, else a new one. */
  const addLatentToRecipe = (latent: DraggedLatent, recipeId?: string): Promise<void> => addLatents([latent], recipeId)

  async function addLatents(latents: readonly DraggedLatent[], recipeId?: string): Promise<void> {
    const goal = columns.value.find(({ id }) => id === (recipeId ?? activeId.value)) ?? columns.value.at(-1)
    if (!goal) {
      const [only] = latents
      const name = latents.length === 1 && only?.label ? only.label.slice(0, 40) : undefined
      const { id: _id, name: _name, ...rest } = withDragged({ id: '', name: '', interventions: [], keepError: true }, latents)
      await addRecipe({ ...rest, ...(name ? { name } : {}) })
      return
    }
    change(withDragged(goal, latents))
  }

  /** The recipe with first edits of these latents, and with the SAEs that they are of. */
  function withDragged(recipe: Recipe, latents: readonly DraggedLatent[]): Recipe {
    return latents.reduce((so, { latent, activation, sae }) => {
      const of = sae === undefined || sae === library.sae?.hash ? saes.bench : saes.of(so, sae)
      if (!of) {
        toasts.show(`Latent ${latent} is of an SAE that is not in the library.`, { tone: 'bad' })
        return so
      }
      const size = activation ?? (of.isBench ? activationOf(latent) : null)
      const edit = { ...interventionFor(latent, size), ...(of.isBench ? {} : { sae: of.hash }) }
      return withLatents(saes.withSae(so, of), [edit])
    }, recipe)
  }

  /** Adds a first edit along a direction, which the recipe then has as its own. */
  function addDirection(recipe: Recipe, direction: Direction): void {
    const directions = [...(recipe.directions ?? []).filter(({ id }) => id !== direction.id), direction]
    change(withLatents({ ...recipe, directions }, [interventionAlong(direction.id)]))
  }

  /** Changes a recipe of the bench. One that means the bench's SAE from now on belongs to it. */
  function change(recipe: Recipe): void {
    if (needsBench(recipe) && library.sae) recipes.edit(recipe, library.sae)
    else recipes.edit(recipe)
    activeId.value = recipe.id
  }

  /** How active the latent is in the ranking shown in Analyse, when that ranking is of the SAE at work. */
  function activationOf(latent: number): number | null {
    if (analysis.ranking?.provenance.sae.hash !== library.sae?.hash) return null
    return analysis.ranking?.latents.find((each) => each.latent === latent)?.maxActivation ?? null
  }

  /** The best latent of the ranking shown in Analyse that raises the target; null without a ranking of this SAE. */
  const topLatent = computed<DraggedLatent | null>(() => {
    const { ranking, labels } = analysis
    if (!ranking || ranking.provenance.sae.hash !== library.sae?.hash) return null
    const best = ranking.latents.find(({ score }) => score > 0) ?? ranking.latents[0]
    return best ? { latent: best.latent, label: labels.get(best.latent) ?? null, activation: best.maxActivation } : null
  })

  // The token that was explained is the one to watch, until another is chosen.
  watch(
    () => analysis.ranking?.target,
    (explained) => explained && target.value === null && setTarget(explained),
    { immediate: true }
  )

  return {
    generation,
    target,
    showLogprob,
    folded,
    shelfOpen,
    activeId,
    fitting,
    apart,
    columns,
    cannotRun,
    topLatent,
    setGeneration,
    setTarget,
    setColumns,
    place,
    show,
    hide,
    nameSae,
    addRecipe,
    duplicate,
    remove,
    addLatentToRecipe,
    addLatents,
    withDragged,
    addDirection,
    change
  }
})
