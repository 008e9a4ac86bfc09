import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { promptText } from '../../shared/prompt-text'
import type { ChatInput, NextToken, PromptInput, Token } from '../../shared/records/token'
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

/** The prompt being edited: its text or the turns of a chat, its tokens as the model sees them, and the model's next tokens. */
export const usePromptText = defineStore('prompt-text', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const project = useProject()
  const prompts = usePrompts()

  const promptId = ref<string | null>(null)
  const typed = ref('')
  /** Set where the prompt is a chat. */
  const chat = shallowRef<ChatInput | null>(null)
  /** What was typed; of a chat its turns as one reads them. Setting it makes the prompt a text. */
  const text = computed({
    get: () => (chat.value ? promptText(chat.value) : typed.value),
    set(value: string) {
      chat.value = null
      typed.value = value
    }
  })
  /** The prompt as calls take it. */
  const input = computed((): PromptInput => chat.value ?? { text: text.value })
  /** Which of two prompts that read alike this is. */
  const key = computed(() => JSON.stringify(input.value))
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
    const [wanted, asked] = [text.value, key.value]
    if (!model) return
    if (wanted === '' || chat.value?.chat.length === 0) {
      tokens.value = []
      next.value = []
      encodedText.value = nextText.value = wanted
      return
    }
    try {
      const encoded = await engine.call('tokens.encode', { model: model.path, prompt: input.value })
      if (key.value !== asked) return
      tokens.value = encoded.tokens
      encodedText.value = wanted
      error.value = null
      clearTimeout(nextTimer)
      if (encoded.tokens.length <= model.n_ctx) nextTimer = setTimeout(() => void lookAhead(), NEXT_DELAY)
    } catch (thrown) {
      if (key.value === asked) error.value = shown(thrown)
    }
  }

  /** The untouched model's next tokens; waits its turn behind running work. */
  async function lookAhead(): Promise<void> {
    const model = library.model
    const [wanted, asked] = [text.value, key.value]
    if (!model || wanted === '' || engineStore.busy) return
    running?.abort()
    const abort = (running = new AbortController())
    try {
      const ahead = await engine.call(
        'model.next',
        { model: model.path, prompt: input.value, top: 10, device: engineStore.device },
        { signal: abort.signal }
      )
      if (key.value !== asked) return
      next.value = ahead.top
      nextText.value = wanted
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    }
  }

  /** Shows a prompt of the project, or a text or chat that is not one. What was typed before is saved first. */
  function show(id: string | null, shownPrompt: string | ChatInput): void {
    flush()
    promptId.value = id
    if (typeof shownPrompt === 'string') text.value = shownPrompt
    else chat.value = shownPrompt
  }

  /** Writes what was typed into the project's prompt now. */
  function flush(): void {
    clearTimeout(saveTimer)
    const current = prompt.value
    if (!current || keyOf(current.text, current.chat) === key.value) return
    void prompts.update(current.id, { text: text.value, chat: chat.value })
  }

  watch([key, () => library.model?.path], () => {
    clearTimeout(encodeTimer)
    encodeTimer = setTimeout(() => void encode(), ENCODE_DELAY)
    clearTimeout(saveTimer)
    saveTimer = setTimeout(flush, SAVE_DELAY)
  })

  // Undo and redo change the prompt behind the editor.
  watch(
    () => prompt.value && keyOf(prompt.value.text, prompt.value.chat),
    (now, before) => {
      if (!prompt.value || now === before || key.value !== before) return
      if (prompt.value.chat) chat.value = prompt.value.chat
      else text.value = prompt.value.text
    }
  )

  return { promptId, prompt, text, chat, input, tokens, next, encodedText, nextText, error, tooLong, show, flush, lookAhead }
})

const keyOf = (text: string, chat: ChatInput | null): string => JSON.stringify(chat ?? { text })
