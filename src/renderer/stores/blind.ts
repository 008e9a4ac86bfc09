import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { MarkQuestion, type Mark, type NewMark } from '../../shared/records/marks'
import type { Comparison } from '../../shared/records/steering'
import type { ShownError } from '../components/ui/types'
import { archive } from '../bridge'
import { blindPlan, openPairs, type BlindPair } from '../utils/blind'
import { shown } from '../utils/errors'
import { useComparison } from './comparison'
import { useProject } from './project'
import { useSettings } from './settings'

/** A saved comparison whose texts are judged. */
interface Judged {
  readonly id: string
  readonly record: Comparison
}

/** Judging the texts of a comparison without knowing whose they are. Each mark is in the project at once. */
export const useBlind = defineStore('blind', () => {
  const comparison = useComparison()
  const project = useProject()
  const settings = useSettings()

  const judged = shallowRef<Judged | null>(null)
  const marks = shallowRef<readonly Mark[]>([])
  const revealed = ref(false)
  const busy = ref(false)
  const error = shallowRef<ShownError | null>(null)
  /** Marks made since the view was opened, which can be taken back one by one. */
  const made = ref(0)

  const question = computed(() => MarkQuestion.catch('better').parse(settings.uiText('steer.blindQuestion', 'better')))
  const columns = computed(() => judged.value?.record.columns ?? [])
  const plan = computed<readonly BlindPair[]>(() =>
    judged.value
      ? blindPlan(
          columns.value.map(({ text }) => text),
          question.value,
          judged.value.id
        )
      : []
  )
  const open = computed(() => openPairs(plan.value, marks.value, question.value))
  const pair = computed(() => (revealed.value ? null : (open.value[0] ?? null)))
  const cannotEnter = computed(() => {
    const { record, running } = comparison
    if (running) return 'The texts are still being written.'
    if (!record) return 'Run first: there are no texts to judge yet.'
    return new Set(record.columns.map(({ text }) => text)).size < 2 ? 'All texts are the same.' : null
  })

  /** Shows the comparison on show without names. It is saved first, because marks are kept with it. */
  async function enter(): Promise<void> {
    if (cannotEnter.value !== null) return
    if (comparison.savedId === null && !(await comparison.save(comparison.suggestedName()))) return
    const id = comparison.savedId
    if (id === null) return
    try {
      // As it is kept, with the labels that its latents had.
      judged.value = { id, record: (await archive.call('comparisons.get', { id })).comparison }
    } catch (thrown) {
      comparison.error = shown(thrown)
      return
    }
    made.value = 0
    await read()
    revealed.value = open.value.length === 0
  }

  async function read(): Promise<void> {
    const of = judged.value
    if (!of) return
    error.value = null
    try {
      marks.value = (await archive.call('marks.list', { comparisonId: of.id })).marks
    } catch (thrown) {
      marks.value = []
      error.value = shown(thrown)
    }
  }

  async function choose(choice: NewMark['choice']): Promise<void> {
    const [of, now] = [judged.value, pair.value]
    if (!of || !now || busy.value) return
    busy.value = true
    const mark = { question: question.value, ...now, choice }
    const done = await project.change(() => archive.call('marks.add', { comparisonId: of.id, mark }))
    if (done) {
      marks.value = [...marks.value, done.mark]
      made.value++
      if (open.value.length === 0) revealed.value = true
    }
    busy.value = false
  }

  /** Takes the last mark back: the project's own undo, so that redo brings it again. */
  async function takeBack(): Promise<void> {
    if (made.value === 0 || busy.value) return
    busy.value = true
    await project.undo()
    made.value--
    await read()
    revealed.value = false
    busy.value = false
  }

  async function clear(): Promise<void> {
    const of = judged.value
    if (!of || !(await project.change(() => archive.call('marks.clear', { comparisonId: of.id })))) return
    made.value = 0
    marks.value = []
    revealed.value = false
  }

  function ask(next: MarkQuestion): void {
    settings.remember('steer.blindQuestion', next)
    revealed.value = open.value.length === 0
  }

  const reveal = (): void => void (revealed.value = true)
  const goOn = (): void => void (revealed.value = false)
  const leave = (): void => void (judged.value = null)

  // What is undone, redone or deleted elsewhere shows here too.
  watch(
    () => project.state,
    () => {
      const of = judged.value
      if (!of || busy.value) return
      if (project.comparisons.some(({ id }) => id === of.id)) void read()
      else leave()
    }
  )
  watch(() => project.opened, leave)

  return {
    judged,
    marks,
    revealed,
    busy,
    error,
    made,
    question,
    columns,
    plan,
    open,
    pair,
    cannotEnter,
    enter,
    read,
    choose,
    takeBack,
    clear,
    ask,
    reveal,
    goOn,
    leave
  }
})
