import { onBeforeUnmount, onMounted } from 'vue'
import type { Action } from './actions'

const BINDINGS: Record<string, Action['id']> = {
  'ctrl+enter': 'run',
  'ctrl+k': 'palette',
  'ctrl+n': 'prompt.new',
  'ctrl+o': 'project.open',
  'ctrl+shift+s': 'project.saveAs',
  'ctrl+z': 'edit.undo',
  'ctrl+shift+z': 'edit.redo',
  'ctrl+y': 'edit.redo',
  'ctrl+1': 'view.analyse',
  'ctrl+2': 'view.layers',
  'ctrl+3': 'view.rankings',
  'ctrl+4': 'view.steer',
  'ctrl+5': 'view.sets',
  'ctrl+6': 'view.experiments',
  'ctrl+7': 'view.reports',
  'ctrl+8': 'view.library',
  f1: 'shortcuts',
  escape: 'cancel'
}

/** Names a key press the way BINDINGS does; the Command key counts as Ctrl. */
export function pressName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
  const parts = [
    event.ctrlKey || event.metaKey ? 'ctrl' : '',
    event.altKey ? 'alt' : '',
    event.shiftKey ? 'shift' : '',
    event.key.toLowerCase()
  ]
  return parts.filter((part) => part !== '').join('+')
}

/** Binds the window's keys to actions. Typing fields keep their own undo; F6 goes from pane to pane. */
export function useKeys(actions: () => readonly Action[]): void {
  function key(event: KeyboardEvent): void {
    if (event.defaultPrevented) return
    if (event.key === 'F6') {
      event.preventDefault()
      nextPane(event.shiftKey ? -1 : 1)
      return
    }
    const id = BINDINGS[pressName(event)]
    if (id === undefined || (isTyping(event.target) && (id === 'edit.undo' || id === 'edit.redo'))) return
    const action = actions().find((each) => each.id === id)
    if (!action?.enabled) return
    event.preventDefault()
    action.run()
  }
  onMounted(() => window.addEventListener('keydown', key))
  onBeforeUnmount(() => window.removeEventListener('keydown', key))
}

/** Moves the focus to the next element marked `data-pane`, into what can take it. */
function nextPane(direction: number): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter((pane) => pane.offsetParent !== null)
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  const pane = panes[(at + direction + panes.length) % panes.length]
  const inside = pane?.querySelector<HTMLElement>('[tabindex="0"], textarea, input, button:not([aria-disabled])')
  ;(inside ?? pane)?.focus()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text')
}
