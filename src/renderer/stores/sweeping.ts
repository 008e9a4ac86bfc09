import { defineStore } from 'pinia'
import { computed } from 'vue'
import { Recipe } from '../../shared/records/steering'
import { useExperiments } from './experiments'
import { useMeasuring } from './measuring'
import { useNavigation } from './navigation'
import { useSteering } from './steering'

/** From the bench to a sweep: the same recipes, generation and concept, at many strengths over many prompts. */
export const useSweeping = defineStore('sweeping', () => {
  const experiments = useExperiments()
  const measuring = useMeasuring()
  const navigation = useNavigation()
  const steering = useSteering()

  const cannotSweep = computed(() =>
    steering.columns.some(({ interventions }) => interventions.length > 0) ? null : 'No recipe on the bench changes anything yet.'
  )

  /** Sets the page of sweeps to what is on the bench and shows it. What was set there otherwise (strengths, seeds, ..) stays. */
  function prepare(): void {
    const { maxTokens, temperature, topK, topP } = steering.generation
    const { promoted, keywords, pattern } = measuring.concept
    experiments.showPage('sweep')
    experiments.setFields({
      recipes: plain(steering.columns.filter(({ interventions }) => interventions.length > 0)),
      maxTokens,
      temperature,
      topK,
      topP,
      target: steering.target?.text ?? '',
      promoted,
      keywords: keywords.join(', '),
      pattern
    })
    navigation.go('experiments')
  }

  /** The chosen recipes as the bench has them now; null where they are the same already, or gone. */
  function renewed(chosen: readonly Recipe[]): Recipe[] | null {
    const now = chosen.map((recipe) => steering.fitting.find((other) => other.recipe.id === recipe.id)?.recipe ?? recipe)
    return JSON.stringify(plain(now)) === JSON.stringify(chosen) ? null : plain(now)
  }

  /** The chosen recipes that the page does not offer: deleted since, of another project, or of an SAE that is not the one at work. */
  const strays = (chosen: readonly Recipe[]): Recipe[] =>
    chosen.filter(({ id }) => !steering.fitting.some(({ recipe }) => recipe.id === id))

  return { cannotSweep, prepare, renewed, strays }
})

/** Copies as they are read from a saved setting. */
const plain = (recipes: readonly Recipe[]): Recipe[] => recipes.map((recipe) => Recipe.parse(recipe))
