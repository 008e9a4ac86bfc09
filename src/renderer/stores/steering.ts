import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { DEFAULT_GENERATION, GenerationSettings, type Recipe } from '../../shared/records/steering'
import { Token } from '../../shared/records/token'
import { interventionFor } from '../utils/interventions'
import { withLatents, type DraggedLatent } from '../utils/recipes'
import { parseJson } from '../utils/remembered'
import { useAnalysis } from './analysis'
import { useLibrary } from './library'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useRecipes } from './recipes'
import { useSettings } from './settings'

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
  const settings = useSettings()

  const generation = computed<GenerationSettings>(
    () => parseJson(GenerationSettings, settings.uiText('steer.generation', '')) ?? DEFAULT_GENERATION
  )
  const target = computed<Token | null>(() => parseJson(Token, settings.uiText('steer.target', '')))
  const showLogprob = computed(() => settings.uiFlag('steer.logprob', false))
  const folded = computed(() => settings.uiFlag('steer.folded', false))
  const shelfOpen = computed(() => settings.uiFlag('steer.shelf', window.innerWidth >= SHELF_FROM))
  /** The recipe that "Steer" and Enter act on: the one touched last. */
  const activeId = ref<string | null>(null)

  /** Recipes of the SAE at work; others cannot stand in the same comparison. */
  const fitting = computed(() =>
    recipes.all.filter(({ saeHash, saePath }) => saeHash === library.sae?.hash || saePath === library.sae?.path)
  )
  const benchKey = computed(() => `steer.bench:${project.state?.path ?? ''}`)
  const wanted = computed<readonly string[]>(() => {
    const text = settings.uiText(benchKey.value, '')
    return text === '' ? fitting.value.slice(0, SHOWN_AT_FIRST).map(({ recipe }) => recipe.id) : text.split(' ')
  })
  const columns = computed<readonly Recipe[]>(() =>
    wanted.value.flatMap((id) => fitting.value.filter(({ recipe }) => recipe.id === id).map(({ recipe }) => recipe)).slice(0, MAX_COLUMNS)
  )

  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (prompt.text === '') return 'Type a prompt first.'
    if (prompt.tooLong) return 'The prompt is longer than the model’s context.'
    if (columns.value.length > 0 && !library.hook) return 'Choose the hook point the SAE was trained at.'
    if (columns.value.length > 0 && preflights.refused(library.model, library.sae))
      return 'The preflight says that this SAE does not describe the model.'
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

  function show(id: string): void {
    const saved = recipes.find(id)
    if (!saved) return
    if (saved.saePath !== library.sae?.path && saved.saeHash !== library.sae?.hash) library.chooseSae(saved.saePath)
    if (!columns.value.some((recipe) => recipe.id === id)) setColumns([...columns.value.map((recipe) => recipe.id), id])
    activeId.value = id
  }

  function hide(id: string): void {
    setColumns(columns.value.map((recipe) => recipe.id).filter((each) => each !== id))
  }

  /** A new recipe as the last column; null when there is no SAE or it could not be saved. */
  async function addRecipe(start: Partial<Omit<Recipe, 'id'>> = {}): Promise<Recipe | null> {
    if (!library.sae) return null
    const before = columns.value.map((recipe) => recipe.id)
    const recipe = await recipes.add(library.sae, start)
    if (recipe) setColumns([...before, recipe.id])
    if (recipe) activeId.value = recipe.id
    return recipe
  }

  async function duplicate(id: string): Promise<void> {
    const before = columns.value.map((recipe) => recipe.id)
    const copy = await recipes.duplicate(id)
    if (!copy) return
    const at = before.indexOf(id) + 1
    setColumns([...before.slice(0, at), copy.id, ...before.slice(at)])
    activeId.value = copy.id
  }

  /** Deletes the recipe from the project (undo brings it back to its place). */
  const remove = (id: string): Promise<void> => recipes.remove(id)

  /** Puts a latent into a recipe: the one named, else the one touched last, else the last column, else a new one. */
  const addLatentToRecipe = (latent: DraggedLatent, recipeId?: string): Promise<void> => addLatents([latent], recipeId)

  async function addLatents(latents: readonly DraggedLatent[], recipeId?: string): Promise<void> {
    const interventions = latents.map(({ latent, activation }) => interventionFor(latent, activation ?? activationOf(latent)))
    const goal = columns.value.find(({ id }) => id === (recipeId ?? activeId.value)) ?? columns.value.at(-1)
    if (!goal) {
      const [only] = latents
      const name = latents.length === 1 && only?.label ? only.label.slice(0, 40) : undefined
      await addRecipe({ interventions, ...(name ? { name } : {}) })
      return
    }
    recipes.edit(withLatents(goal, interventions))
    activeId.value = goal.id
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
    columns,
    cannotRun,
    topLatent,
    setGeneration,
    setTarget,
    setColumns,
    show,
    hide,
    addRecipe,
    duplicate,
    remove,
    addLatentToRecipe,
    addLatents
  }
})
