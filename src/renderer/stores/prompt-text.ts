import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { NextToken, Token } from '../../shared/records/token'
import type { ShownError } from '../components/ui/types'
import { engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { useEngine } from './engine'
import { useLibrary } from './library'
import { useProject } from './project'
import { usePrompts } from './prompts'

const ENCODE_DELAY = 120
const NEXT_DELAY = 350
const SAVE_DELAY = 1200

/** The prompt being edited: its text, its tokens as the model sees them, and the model's next tokens. */
export const usePromptText = defineStore('prompt-text', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const project = useProject()
  const prompts = usePrompts()

  const promptId = ref<string | null>(null)
  const text = ref('')
  const tokens = shallowRef<readonly Token[]>([])
  const next = shallowRef<readonly NextToken[]>([])
  /** The text that `tokens` and `next` belong to. */
  const encodedText = ref('')
  const nextText = ref('')
  const error = shallowRef<ShownError | null>(null)
  const prompt = computed(() => project.prompts.find((each) => each.id === promptId.value) ?? null)
  const tooLong = computed(() => library.model !== null && encodedText.value === text.value && tokens.value.length > library.model.n_ctx)

  let encodeTimer: ReturnType<typeof setTimeout> | undefined
  let nextTimer: ReturnType<typeof setTimeout> | undefined
  let saveTimer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | null = null

  async function encode(): Promise<void> {
    const model = library.model
    const wanted = text.value
    if (!model) return
    if (wanted === '') {
      tokens.value = []
      next.value = []
      encodedText.value = nextText.value = ''
      return
    }
    try {
      const encoded = await engine.call('tokens.encode', { model: model.path, prompt: { text: wanted } })
      if (text.value !== wanted) return
      tokens.value = encoded.tokens
      encodedText.value = wanted
      error.value = null
      clearTimeout(nextTimer)
      if (encoded.tokens.length <= model.n_ctx) nextTimer = setTimeout(() => void lookAhead(), NEXT_DELAY)
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  /** The untouched model's next tokens; waits its turn behind running work. */
  async function lookAhead(): Promise<void> {
    const model = library.model
    const wanted = text.value
    if (!model || wanted === '' || engineStore.busy) return
    running?.abort()
    const abort = (running = new AbortController())
    try {
      const ahead = await engine.call(
        'model.next',
        { model: model.path, prompt: { text: wanted }, top: 10, device: engineStore.device },
        { signal: abort.signal }
      )
      if (text.value !== wanted) return
      next.value = ahead.top
      nextText.value = wanted
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    }
  }

  /** Shows a prompt of the project, or a text that is not one. What was typed before is saved first. */
  function show(id: string | null, nextPromptText: string): void {
    flush()
    promptId.value = id
    text.value = nextPromptText
  }

  /** Writes what was typed into the project's prompt now. */
  function flush(): void {
    clearTimeout(saveTimer)
    const current = prompt.value
    if (current && current.text !== text.value) void prompts.update(current.id, { text: text.value })
  }

  watch([text, () => library.model?.path], () => {
    clearTimeout(encodeTimer)
    encodeTimer = setTimeout(() => void encode(), ENCODE_DELAY)
    clearTimeout(saveTimer)
    saveTimer = setTimeout(flush, SAVE_DELAY)
  })

  // Undo and redo change the prompt behind the editor.
  watch(
    () => prompt.value?.text,
    (now, before) => {
      if (now !== undefined && before !== undefined && now !== before && text.value === before) text.value = now
    }
  )

  return { promptId, prompt, text, tokens, next, encodedText, nextText, error, tooLong, show, flush, lookAhead }
})
