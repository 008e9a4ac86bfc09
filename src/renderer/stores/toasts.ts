import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export interface ToastAction {
  label: string
  run: () => void | Promise<void>
}

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'good' | 'bad'
  action: ToastAction | null
}

/** Short notes at the lower edge of the window; each may carry one action, usually undo. */
export const useToasts = defineStore('toasts', () => {
  const toasts = shallowRef<readonly Toast[]>([])
  let next = 1

  function show(text: string, options: { tone?: Toast['tone']; action?: ToastAction } = {}): void {
    const toast: Toast = { id: next++, text, tone: options.tone ?? 'plain', action: options.action ?? null }
    toasts.value = [...toasts.value.slice(-2), toast]
  }

  function close(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  return { toasts, show, close }
})
