import { defineStore } from 'pinia'
import { computed } from 'vue'
import { z } from 'zod'
import { ConceptSettings } from '../../shared/records/scores'
import { Token } from '../../shared/records/token'
import { parseJson } from '../utils/remembered'
import { useLibrary } from './library'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useSettings } from './settings'

export const MAX_WATCHED = 8
/** Other prompts that relatedness is measured against until others are chosen. */
const OTHERS_AT_FIRST = 3
const MAX_OTHERS = 64

/** The concept as it is remembered: its latent always with the SAE it is of, as the bench may change; its other prompts by their ids, with the project. */
const KeptConcept = ConceptSettings.omit({ otherPrompts: true })
export type KeptConcept = z.infer<typeof KeptConcept>

/** What is measured of the texts: tokens watched besides the target, and the concept that the scores are about. All remembered. */
export const useMeasuring = defineStore('measuring', () => {
  const library = useLibrary()
  const project = useProject()
  const prompt = usePromptText()
  const settings = useSettings()

  /** Ids mean other tokens in another model. */
  const watchedKey = computed(() => `steer.watched:${library.model?.hash ?? ''}`)
  const watched = computed<readonly Token[]>(() => parseJson(z.array(Token).max(MAX_WATCHED), settings.uiText(watchedKey.value, '')) ?? [])
  const scored = computed(() => settings.uiFlag('steer.scored', true))
  const concept = computed<KeptConcept>(() => parseJson(KeptConcept, settings.uiText('steer.concept', '')) ?? KeptConcept.parse({}))

  const othersKey = computed(() => `steer.others:${project.state?.path ?? ''}`)
  /** Prompts of the project that can be the others: all but the one at work. */
  const candidates = computed(() => project.prompts.filter(({ id, text }) => id !== prompt.promptId && text !== '' && text !== prompt.text))
  const otherIds = computed<readonly string[]>(() => {
    const kept = parseJson(z.array(z.string()), settings.uiText(othersKey.value, ''))
    return kept ?? candidates.value.slice(0, OTHERS_AT_FIRST).map(({ id }) => id)
  })
  const others = computed(() => candidates.value.filter(({ id }) => otherIds.value.includes(id)).slice(0, MAX_OTHERS))

  /** What a run is asked to score; null where scores are switched off. */
  const asked = computed<ConceptSettings | null>(() => {
    if (!scored.value) return null
    const { latent, ...rest } = concept.value
    const ofBench = latent !== null && latent.sae === library.sae?.hash
    const otherPrompts = others.value.map(({ text }) => ({ text }))
    return { ...rest, latent: ofBench ? { latent: latent.latent } : latent, otherPrompts }
  })

  const setWatched = (tokens: readonly Token[]): void =>
    settings.remember(watchedKey.value, JSON.stringify(tokens.slice(0, MAX_WATCHED).map((token) => Token.parse(token))))

  function watchToken(token: Token): void {
    if (!watched.value.some(({ id }) => id === token.id)) setWatched([...watched.value, token])
  }

  const unwatch = (id: number): void => setWatched(watched.value.filter((token) => token.id !== id))
  const setScored = (on: boolean): void => settings.remember('steer.scored', on)
  const setConcept = (patch: Partial<KeptConcept>): void =>
    settings.remember('steer.concept', JSON.stringify({ ...concept.value, ...patch }))
  const setOthers = (ids: readonly string[]): void => settings.remember(othersKey.value, JSON.stringify(ids))

  return {
    watched,
    scored,
    concept,
    candidates,
    others,
    asked,
    setWatched,
    watchToken,
    unwatch,
    setScored,
    setConcept,
    setOthers
  }
})
