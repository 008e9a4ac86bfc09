import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import {
  Aggregation,
  MethodName,
  Substitution,
  TargetKind,
  type AttributionSwitches,
  type PositionScope,
  type Ranking,
  type TargetInput
} from '../../shared/records/ranking'
import type { Token } from '../../shared/records/token'
import { engine } from '../bridge'
import { freezeOf, frozenOf, FREEZES, sideOf, type Freeze } from '../utils/switches'
import { useLibrary } from './library'
import { useMethods } from './methods'
import { useSettings } from './settings'

const ENCODE_DELAY = 200
/** Kinds whose target is one token at one position. */
const SINGLE: readonly TargetKind[] = ['probability', 'logit', 'log-probability']

/** What a ranking says of how it was made. */
export type Made = Pick<
  Ranking,
  | 'method'
  | 'substitution'
  | 'aggregation'
  | 'includeSpecial'
  | 'scope'
  | 'frozen'
  | 'steps'
  | 'seed'
  | 'counterfactual'
  | 'tokens'
  | 'target'
>

/** Method, switches and target of the next attribution. What a person has not chosen is as the method's preset has it. */
export const useSwitches = defineStore('switches', () => {
  const settings = useSettings()
  const methods = useMethods()
  const library = useLibrary()

  const method = computed<MethodName>(() => MethodName.catch('gradsae').parse(settings.uiText('analyse.method', 'gradsae')))
  const preset = computed(() => methods.infoOf(method.value))
  const own = {
    substitution: computed(() => Substitution.safeParse(settings.uiText('analyse.substitution', '')).data ?? null),
    aggregation: computed(() => Aggregation.safeParse(settings.uiText('analyse.aggregation', '')).data ?? null),
    targetKind: computed(() => TargetKind.safeParse(settings.uiText('analyse.targetKind', '')).data ?? null)
  }
  const substitution = computed<Substitution>(() => own.substitution.value ?? preset.value?.substitution ?? 'reconstruction')
  const aggregation = computed<Aggregation>(() => own.aggregation.value ?? preset.value?.aggregation ?? 'mean-relu')
  const kind = computed<TargetKind>(() => own.targetKind.value ?? preset.value?.target ?? 'probability')
  const single = computed(() => SINGLE.includes(kind.value))
  const freeze = computed<Freeze>(() => {
    const kept = settings.uiText('analyse.freeze', 'nothing')
    return kept in FREEZES ? (kept as Freeze) : 'nothing' // a key of FREEZES, as just checked
  })
  const includeSpecial = computed(() => settings.uiFlag('analyse.includeSpecial', true))
  const steps = computed(() => settings.uiNumber('analyse.steps', 16))
  const seed = computed(() => settings.uiNumber('analyse.seed', 0))
  /** Of this prompt: they mean nothing for another one. */
  const scope = shallowRef<PositionScope>({ kind: 'all' })
  const position = ref<number | null>(null)
  const plus = shallowRef<readonly Token[]>([])
  const minus = shallowRef<readonly Token[]>([])
  const continuation = ref('')
  const span = shallowRef<{ from: number; to: number } | null>(null)
  const counterfactual = ref('')
  const counterfactualTokens = ref<number | null>(null)

  /** Names of what differs from the preset. */
  const changed = computed(() => {
    const named: string[] = []
    if (own.targetKind.value !== null && own.targetKind.value !== preset.value?.target) named.push('target')
    if (own.substitution.value !== null && own.substitution.value !== preset.value?.substitution) named.push('written value')
    if (own.aggregation.value !== null && own.aggregation.value !== preset.value?.aggregation) named.push('sign rule')
    if (scope.value.kind !== 'all') named.push('positions')
    if (freeze.value !== 'nothing') named.push('frozen parts')
    if (!includeSpecial.value) named.push('special tokens')
    return named
  })

  /** The switches as a call takes them: only what was chosen, so that the method's own preset stands. */
  const input = computed<AttributionSwitches>(() => ({
    ...(own.substitution.value === null ? {} : { substitution: own.substitution.value }),
    ...(own.aggregation.value === null ? {} : { aggregation: own.aggregation.value }),
    ...(own.targetKind.value === null ? {} : { targetKind: own.targetKind.value }),
    scope: scope.value,
    includeSpecial: includeSpecial.value,
    frozen: frozenOf(freeze.value),
    position: single.value || kind.value === 'logit-difference' ? position.value : null,
    ...(preset.value?.gradient === 'path' ? { steps: steps.value } : {}),
    ...(method.value === 'random' ? { seed: seed.value } : {})
  }))
  const usesCounterfactual = computed(() => preset.value !== null && preset.value.counterfactual !== 'none')
  /** The counterfactual prompt as a call takes it. */
  const other = computed(() => (usesCounterfactual.value && counterfactual.value !== '' ? { text: counterfactual.value } : null))

  /** What the target is; `token` is the one chosen for kinds that explain one. */
  function target(token: Token | null): TargetInput {
    switch (kind.value) {
      case 'logit-difference':
        return { plus: idsOf(plus.value), minus: idsOf(minus.value) }
      case 'continuation':
        return { continuation: { text: continuation.value } }
      case 'cross-entropy':
        return span.value
      default:
        return token ? { id: token.id } : null
    }
  }

  /** What must still be said of the target before a run, or null. */
  const targetMissing = computed<string | null>(() => {
    if (kind.value === 'logit-difference' && (plus.value.length === 0 || minus.value.length === 0))
      return 'Choose at least one token for each side of the difference.'
    if (kind.value === 'continuation' && continuation.value === '') return 'Type the continuation whose log-probability is explained.'
    return null
  })
  /** What must still be said before a run of the method, or null. */
  const missing = computed<string | null>(() => {
    if (targetMissing.value !== null) return targetMissing.value
    if (preset.value?.counterfactual === 'needed' && counterfactual.value === '') return 'Type the counterfactual prompt.'
    return null
  })

  /** Takes the method with its preset. */
  function setMethod(next: MethodName): void {
    settings.remember('analyse.method', next)
    reset()
  }

  /** Back to the method's preset. */
  function reset(): void {
    for (const key of ['substitution', 'aggregation', 'targetKind']) settings.remember(`analyse.${key}`, '')
    settings.remember('analyse.freeze', 'nothing')
    settings.remember('analyse.includeSpecial', true)
    scope.value = { kind: 'all' }
    position.value = null
  }

  /** Takes over what a ranking was made with. */
  function take(ranking: Made): void {
    const info = methods.infoOf(ranking.method)
    settings.remember('analyse.method', ranking.method)
    settings.remember('analyse.substitution', ranking.substitution === info?.substitution ? '' : ranking.substitution)
    settings.remember('analyse.aggregation', ranking.aggregation === info?.aggregation ? '' : ranking.aggregation)
    settings.remember('analyse.targetKind', ranking.target.kind === info?.target ? '' : ranking.target.kind)
    settings.remember('analyse.freeze', freezeOf(ranking.frozen))
    settings.remember('analyse.includeSpecial', ranking.includeSpecial)
    if (ranking.steps !== null) settings.remember('analyse.steps', ranking.steps)
    if (ranking.seed !== null) settings.remember('analyse.seed', ranking.seed)
    const { terms } = ranking.target
    const [first] = terms
    scope.value = ranking.scope
    position.value = first && single.value && first.position !== ranking.tokens.length - 1 ? first.position : null
    plus.value = sideOf(ranking, 'plus')
    minus.value = sideOf(ranking, 'minus')
    if (ranking.target.kind === 'continuation') continuation.value = terms.map(({ token }) => token.text).join('')
    const places = terms.map((term) => term.position + 1)
    span.value = ranking.target.kind === 'cross-entropy' ? { from: Math.min(...places), to: Math.max(...places) } : null
    counterfactual.value = ranking.counterfactual && 'text' in ranking.counterfactual ? ranking.counterfactual.text : ''
  }

  /** Forgets what belongs to one prompt. */
  function forgetPrompt(): void {
    scope.value = scope.value.kind === 'range' ? { kind: 'all' } : scope.value
    position.value = null
    span.value = null
    continuation.value = ''
    counterfactual.value = ''
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  watch([counterfactual, () => library.model?.path], () => {
    clearTimeout(timer)
    counterfactualTokens.value = null
    timer = setTimeout(() => void count(), ENCODE_DELAY)
  })

  /** How many tokens the counterfactual prompt has: it must be as many as the prompt's. */
  async function count(): Promise<void> {
    const [model, text] = [library.model?.path, counterfactual.value]
    if (model === undefined || text === '') return
    try {
      const { tokens } = await engine.call('tokens.encode', { model, prompt: { text } })
      if (counterfactual.value === text) counterfactualTokens.value = tokens.length
    } catch {
      // the run itself says what is wrong with it
    }
  }

  return {
    method,
    preset,
    substitution,
    aggregation,
    kind,
    single,
    freeze,
    includeSpecial,
    steps,
    seed,
    scope,
    position,
    plus,
    minus,
    continuation,
    span,
    counterfactual,
    counterfactualTokens,
    usesCounterfactual,
    other,
    changed,
    input,
    targetMissing,
    missing,
    target,
    setMethod,
    reset,
    take,
    forgetPrompt
  }
})

const idsOf = (tokens: readonly Token[]): { id: number }[] => tokens.map(({ id }) => ({ id }))
